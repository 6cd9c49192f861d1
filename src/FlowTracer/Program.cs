using FlowTracer.Commands;

return await Cli.RunAsync(args).ConfigureAwait(false);
