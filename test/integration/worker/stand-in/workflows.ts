import { runPackBy } from '../../../../src/services/worker/workflows/bind.ts';

/** Acts its steps one after the other: enough of an interpreter to try the worker with. */
export const runPack = runPackBy(async (input, ports) => {
  const outputs: Record<string, unknown> = {};
  for (const step of input.pack.steps)
    outputs[step.id] = await ports.act({
      verb: step.uses ?? '',
      path: step.id,
      key: `${ports.run}/${step.id}`,
      run: ports.run,
      tenant: input.tenant.name,
      pack: { id: input.pack.id, version: input.pack.version, requires: input.pack.requires ?? {} },
      with: step.with ?? {},
      timeoutMs: 10_000,
      retry: { attempts: 1, delayMs: 100, backoff: 2 },
      dryRun: false,
    });
  return { status: 'success', outputs, reason: null, steps: [] };
});
