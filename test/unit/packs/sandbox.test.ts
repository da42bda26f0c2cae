import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { compilePack } from '../../../src/packs/compile.ts';
import type { PackDocument } from '../../../src/packs/schema.ts';

/** What Temporal’s workflow sandbox lacks, forbids or replaces: a run must do without. */
const FORBIDDEN = `
  Math.random = () => { throw new Error('Math.random'); };
  Date.now = () => { throw new Error('Date.now'); };
  const RealDate = Date;
  globalThis.Date = new Proxy(RealDate, {
    construct(target, args) {
      if (args.length === 0) throw new Error('new Date()');
      return Reflect.construct(target, args);
    },
  });
`;

it('the interpreter needs no module of node, no clock, no chance and no code generation', async () => {
  const { outputFiles } = await build({
    entryPoints: ['src/packs/interpret/run.ts'],
    bundle: true,
    write: false,
    platform: 'neutral',
    mainFields: ['module', 'main'],
    format: 'iife',
    globalName: 'interpreter',
  });
  const pack = compilePack(
    {
      schema: 1,
      id: 'case',
      version: '1.0.0',
      description: 'One case of the table.',
      authors: ['chp'],
      licence: 'Apache-2.0',
      triggers: [{ manual: true }],
      requires: { connectors: ['caldav'] },
      steps: [
        { id: 'pause', wait: { until: '18:00' } },
        { id: 'ask', uses: 'agent.ask', with: { prompt: 'Hi', schema: { type: 'object', required: ['a'] } } },
        { id: 'lists', uses: 'connector.call', with: { connector: 'caldav', operation: 'list-calendars' } },
        { id: 'yes', uses: 'approve', with: { summary: 'Go?', approvers: 'ana' } },
      ],
      outputs: {
        a: '${{ steps.ask.output.a + size(steps.lists.output.calendars) }}',
        at: '${{ steps.pause.output.until }}',
      },
    } as unknown as PackDocument,
    new Map(),
  );
  const context = createContext(
    { TextEncoder, TextDecoder, pack },
    { codeGeneration: { strings: false, wasm: false } },
  );
  runInContext(`${FORBIDDEN}${outputFiles[0]?.text}`, context);
  const result = (await runInContext(
    `interpreter.runPack(
      { tenant: { name: 't', timezone: 'Europe/Berlin', members: [{ id: 'ana', name: 'Ana', role: 'Adult' }] }, pack, inputs: {},
        trigger: { kind: 'manual', by: 'ana', payload: null } },
      { run: 'r', now: () => 1768464000000, sleep: async () => {}, runPack: async () => { throw new Error('none'); },
        act: async ({ verb }) => verb === 'agent.ask' ? { text: '{"a": 1}' } : { calendars: [1, 2] },
        decisions: async (envelope) => [{ envelope, by: 'ana', verdict: 'approve', at: '2026-01-15T08:00:00Z' }] },
    )`,
    context,
  )) as { status: string; outputs: unknown; reason: string | null };
  expect(result.reason).toBeNull();
  expect(JSON.parse(JSON.stringify(result.outputs))).toEqual({ a: 3, at: '2026-01-15T17:00:00.000Z' });
});
