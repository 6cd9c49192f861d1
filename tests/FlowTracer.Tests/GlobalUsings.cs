global using Lot = FlowTracer.Core.Taint.Lot<FlowTracer.Core.Model.Amount>;
