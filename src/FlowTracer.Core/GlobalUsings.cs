// What the general sweep counts in: amounts as wide as any chain states them.
global using Arrival = FlowTracer.Core.Taint.Arrival<FlowTracer.Core.Model.Amount>;
global using Lot = FlowTracer.Core.Taint.Lot<FlowTracer.Core.Model.Amount>;
