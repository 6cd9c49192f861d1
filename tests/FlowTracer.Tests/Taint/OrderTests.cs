using FlowTracer.Core.Model;
using FlowTracer.Core.Taint;

namespace FlowTracer.Tests.Taint;

/// <summary>Who is served first, and which policy is called what.</summary>
public sealed class OrderTests
{
    [Theory]
    [InlineData(OutOrder.First, "6 2 6 2 3", "0 1 2 3 4")]
    [InlineData(OutOrder.Last, "6 2 6 2 3", "4 3 2 1 0")]
    [InlineData(OutOrder.Highest, "6 2 6 2 3", "0 2 4 1 3")]
    [InlineData(OutOrder.Smallest, "6 2 6 2 3", "1 3 4 0 2")]
    [InlineData(OutOrder.Highest, "", "")]
    public void Takers_are_served_in_order_and_of_equals_the_lower_index_first(OutOrder order, string takes, string served)
    {
        Amount[] amounts = [.. takes.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(text => Amount.Parse(text))];
        Assert.Equal(served, string.Join(' ', order.Serve(amounts)));
    }

    // A sort that keeps no order among equals is found out by many of them.
    [Fact]
    public void A_thousand_equals_stay_as_listed()
    {
        Amount[] equal = [.. Enumerable.Repeat((Amount)7, 1000)];
        Assert.Equal(Enumerable.Range(0, 1000), OutOrder.Highest.Serve(equal));
        Assert.Equal(Enumerable.Range(0, 1000), OutOrder.Smallest.Serve(equal));
    }

    [Theory]
    [InlineData("first-first", "fifo")]
    [InlineData("last-first", "lifo")]
    [InlineData("taint-first", "pifo")]
    [InlineData("clean-first", "libr")]
    [InlineData("taint-highest", "tiho")]
    [InlineData("taint-smallest", "taint-smallest")]
    [InlineData("tiho", "tiho")]
    [InlineData("poison", "poison")]
    public void A_policy_is_found_by_its_name_or_its_orders(string asked, string name) =>
        Assert.Equal(name, TaintPolicies.Find(asked)?.Name);

    [Theory]
    [InlineData("")]
    [InlineData("first")]
    [InlineData("first-clean")]
    [InlineData("haircut-first")]
    [InlineData("TIHO")]
    public void Anything_else_is_none(string asked) => Assert.Null(TaintPolicies.Find(asked));

    [Fact]
    public void Two_orders_make_sixteen_policies_of_which_five_have_names()
    {
        string[] names =
        [
            .. from lots in Enum.GetValues<InOrder>()
               from takers in Enum.GetValues<OutOrder>()
               select TaintPolicies.Queue(lots, takers).Name,
        ];
        Assert.Equal(16, names.Distinct().Count());
        Assert.Equal(5, names.Count(name => !name.Contains('-', StringComparison.Ordinal)));
    }
}
