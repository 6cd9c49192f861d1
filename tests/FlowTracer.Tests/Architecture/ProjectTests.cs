using System.Text.RegularExpressions;
using System.Xml.Linq;
using FlowTracer.Testing;

namespace FlowTracer.Tests.Architecture;

/// <summary>The shape of the solution, read from its files.</summary>
public sealed partial class ProjectTests
{
    public static TheoryData<string, string, string> BrokenProjects => new()
    {
        { "FlowTracer.Core", "<ProjectReference Include='../FlowTracer.App/FlowTracer.App.csproj' />", "must not reference" },
        { "FlowTracer.Core", "<PackageReference Include='CsvHelper' />", "base library alone" },
        { "FlowTracer.Core", "<PackageReference Include='Microsoft.CodeAnalysis.BannedApiAnalyzers' />", "base library" },
        { "FlowTracer.Chains", @"<ProjectReference Include='..\FlowTracer.Store\FlowTracer.Store.csproj' />", "must not" },
        { "FlowTracer.Store", "<ProjectReference Include='../FlowTracer.Chains/FlowTracer.Chains.csproj' />", "must not" },
        { "FlowTracer.Store", "<Compile Include='../FlowTracer.Chains/Rpc/Call.cs' />", "past its project references" },
        { "FlowTracer.Store", "<Reference Include='FlowTracer.Chains' />", "past its project references" },
        { "FlowTracer.App", "<ProjectReference Include='../FlowTracer.Web/FlowTracer.Web.csproj' />", "must not" },
        { "FlowTracer.Misc", "", "no place" },
    };

    [Fact]
    public void Every_dependency_under_src_is_one_the_drawing_shows()
    {
        List<ProjectFile> projects = ProjectPaths("src").Select(Parse).ToList();

        Assert.Contains(projects, project => project.Name == "FlowTracer.Core");
        Assert.Empty(projects.SelectMany(DependencyRules.Violations));
    }

    [Theory]
    [MemberData(nameof(BrokenProjects))]
    public void A_dependency_the_drawing_does_not_show_is_found(string name, string item, string expected)
    {
        ProjectFile project = ProjectFile.Parse(name, $"<Project><ItemGroup>{item}</ItemGroup></Project>");

        Assert.Contains(expected, Assert.Single(DependencyRules.Violations(project)), StringComparison.Ordinal);
    }

    [Fact]
    public void No_shared_build_file_adds_a_dependency()
    {
        IEnumerable<string> items = Directory.EnumerateFiles(Repository.Root, "Directory.*", SearchOption.TopDirectoryOnly)
            .SelectMany(path => XDocument.Load(path).Descendants())
            .Select(element => element.Name.LocalName);

        Assert.DoesNotContain(
            items, name => name is "ProjectReference" or "PackageReference" or "GlobalPackageReference" or "Reference");
    }

    [Fact]
    public void The_solution_holds_every_project_and_no_other()
    {
        IEnumerable<string> inSolution = SolutionProject().Matches(Repository.Read("FlowTracer.sln"))
            .Select(match => match.Groups[1].Value.Replace('\\', '/'));

        Assert.Equal(AllProjects(), inSolution.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Package_versions_are_stated_once_for_all_projects()
    {
        IEnumerable<string> own = AllProjects().Select(Parse)
            .SelectMany(project => project.Packages, (project, package) => (project.Name, package))
            .Where(use => use.package.Version is not null)
            .Select(use => $"{use.Name}: {use.package.Id} {use.package.Version}");

        Assert.Empty(own);
    }

    [Theory]
    [InlineData("<PackageReference Include='A' Version='1.0.0' />")]
    [InlineData("<PackageReference Include='A' VersionOverride='1.0.0' />")]
    [InlineData("<PackageReference Include='A'><Version>1.0.0</Version></PackageReference>")]
    public void A_version_in_a_project_is_found(string item)
    {
        ProjectFile project = ProjectFile.Parse("P", $"<Project><ItemGroup>{item}</ItemGroup></Project>");

        Assert.Equal("1.0.0", Assert.Single(project.Packages).Version);
    }

    [Fact]
    public void Every_project_has_its_lock_file()
    {
        IEnumerable<string> unlocked = AllProjects()
            .Where(path => !File.Exists(Path.Combine(Path.GetDirectoryName(Repository.PathOf(path))!, "packages.lock.json")));

        Assert.Empty(unlocked);
    }

    private static ProjectFile Parse(string path) =>
        ProjectFile.Parse(Path.GetFileNameWithoutExtension(path), Repository.Read(path));

    private static IEnumerable<string> AllProjects() =>
        ProjectPaths("src").Concat(ProjectPaths("tests")).Order(StringComparer.Ordinal);

    private static IEnumerable<string> ProjectPaths(string folder) =>
        Directory.EnumerateFiles(Repository.PathOf(folder), "*.csproj", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Repository.Root, path).Replace('\\', '/'));

    [GeneratedRegex("\"([^\"]+\\.csproj)\"")]
    private static partial Regex SolutionProject();
}
