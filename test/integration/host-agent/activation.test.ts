import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ACTIVATION_STEPS, type AgentEvent } from '../../../src/core/agent-protocol.ts';
import { processesOf } from '../../../src/services/host-agent/processes.ts';
import { AgentHost, type Made } from '../../support/agent-host.ts';
import { pidOf, seen, until } from './support.ts';

let host: AgentHost;
let first: Made;

beforeAll(async () => {
  host = await AgentHost.create();
  first = await host.generation();
});
afterAll(() => host[Symbol.asyncDispose]());

const retitled = (prefix: string) => host.generation({ config: { messages: { messagePrefix: prefix } } });
const answers = async () => {
  const checks = await host.client().check(host.tenant);
  expect(checks.filter((check) => check.verdict === 'fail')).toEqual([]);
  expect(checks.find((check) => check.id === 'agent.turn')?.detail).toContain('demo model');
};

describe('apply', () => {
  test('from nothing: every step, a real turn, committed', async () => {
    const events: AgentEvent[] = [];
    const result = await host.apply(first, { events });
    expect(result.outcome).toBe('committed');
    expect(events.flatMap((event) => (event.event === 'step' ? [event.step] : []))).toEqual(ACTIVATION_STEPS);
    expect(seen(result)).toEqual({ 'gateway.health': 'pass', 'gateway.version': 'pass', 'agent.turn': 'pass' });
    expect(
      readdirSync(host.layout.state, { recursive: true }).filter((name) => String(name).includes('chp:check')),
    ).toEqual([]);
  });

  test('again: converged, and nothing is asked for or restarted', async () => {
    const before = await pidOf(host, 'gateway');
    const events: AgentEvent[] = [];
    expect((await host.apply(first, { events })).outcome).toBe('converged');
    expect(events).toEqual([]);
    expect(await pidOf(host, 'gateway')).toBe(before);
  });

  test('a changed config restarts the gateway and nothing else', async () => {
    const [gateway, demo] = [await pidOf(host, 'gateway'), await pidOf(host, 'demo-model')];
    const events: AgentEvent[] = [];
    expect((await host.apply(await retitled('one'), { events })).outcome).toBe('committed');
    expect(events.find((event) => event.event === 'need')).toMatchObject({ trees: [], objects: [expect.any(String)] });
    expect(await pidOf(host, 'gateway')).not.toBe(gateway);
    expect(await pidOf(host, 'demo-model')).toBe(demo);
    const config = (await host.client().gateway(host.tenant, 'config.get', {})) as { parsed: { messages: unknown } };
    expect(config.parsed.messages).toEqual({ messagePrefix: 'one' });
  });

  test('a skill reaches the gateway without a restart, and one that lacks something fails', async () => {
    await host.apply(first);
    const before = await pidOf(host, 'gateway');
    const skill = '---\nname: garden\ndescription: Waters the garden.\n---\nWater it.\n';
    const result = await host.apply(await host.generation({ skills: { garden: skill } }));
    expect(seen(result)['skill.garden']).toBe('pass');
    expect(await pidOf(host, 'gateway')).toBe(before);
    const lacking = skill.replace(
      'garden.\n---',
      'garden.\nmetadata: {"clawdbot":{"requires":{"bins":["no-such-bin"]}}}\n---',
    );
    const failed = await host.apply(await host.generation({ skills: { garden: lacking } }));
    expect(failed).toMatchObject({ outcome: 'reverted', reason: expect.stringContaining('no-such-bin') });
    expect(readFileSync(join(host.layout.current, 'skills/garden/SKILL.md'), 'utf8')).toBe(skill);
  });
});

describe('nothing is switched, or all goes back', () => {
  beforeAll(async () => {
    await host.apply(first);
  });

  test('a config that the gateway refuses: the old one keeps running', async () => {
    const before = await pidOf(host, 'gateway');
    const bad = await host.generation({ config: { noSuchKey: 1 } });
    await expect(host.apply(bad)).rejects.toMatchObject({
      code: 'CONFIG_REFUSED',
      why: expect.stringContaining('noSuchKey'),
    });
    expect(await pidOf(host, 'gateway')).toBe(before);
    expect((await host.client().status(host.tenant)).current).toBe(first.signed.digest);
    await answers();
  });

  test('a turn that fails although the gateway says ok', async () => {
    const model = {
      provider: 'openai-compatible',
      id: 'none',
      baseUrl: `http://127.0.0.1:${host.port + 5}/nothing`,
    } as const;
    const result = await host.apply(await host.generation({ model }));
    expect(result).toMatchObject({ outcome: 'reverted', reason: expect.stringContaining('A real agent turn') });
    expect(result.checks.find((check) => check.verdict === 'fail')?.fix).toContain('chp logs');
    await answers();
  });

  test('a file spoilt by hand: what lies there is not what the gateway takes, and the next apply mends it', async () => {
    const { file, running } = (await host.client().status(host.tenant)).configDigest;
    expect([file, running]).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), file]);
    writeFileSync(host.layout.config, '{"noSuchKey": 1}');
    expect((await host.client().status(host.tenant)).configDigest.running).toBeNull();
    await host.apply(first);
    expect((await host.client().status(host.tenant)).configDigest).toEqual({ file, running: file });
    await answers();
  });

  test('the operator says no', async () => {
    const result = await host.apply(await retitled('two'), { confirm: async () => false });
    expect(result).toMatchObject({ outcome: 'reverted', reason: expect.stringContaining('did not confirm') });
    await answers();
  });

  test('the operator says nothing in time', async () => {
    const result = await host.apply(await retitled('two'), { confirm: () => new Promise(() => {}), confirmWithinS: 1 });
    expect(result.outcome).toBe('reverted');
    expect((await host.client().status(host.tenant)).current).toBe(first.signed.digest);
  });

  test('the operator stops it: it is put back, and that is said', async () => {
    const stop = new AbortController();
    const onEvent = (event: AgentEvent) => {
      if (event.event === 'step' && event.step === 'switched') stop.abort();
    };
    const result = await host.apply(await retitled('four'), { signal: stop.signal, onEvent });
    expect(result.outcome).toBe('reverted');
    expect((await host.client().status(host.tenant)).current).toBe(first.signed.digest);
    await answers();
  });

  test('the operator stops it while files are sent: nothing was begun', async () => {
    const stop = new AbortController();
    const onEvent = (event: AgentEvent) => {
      if (event.event === 'need') stop.abort();
    };
    await expect(host.apply(await retitled('five'), { signal: stop.signal, onEvent })).rejects.toMatchObject({
      code: 'AGENT_FAILED',
      message: expect.stringContaining('cut'),
    });
    expect(await host.client().status(host.tenant)).toMatchObject({ current: first.signed.digest, interrupted: null });
  });

  test('the operator’s side vanishes: the host goes back by itself', async () => {
    const cut = new AbortController();
    const client = host.client(undefined, cut.signal);
    const made = await retitled('three');
    const confirm = async () => {
      cut.abort();
      return new Promise<boolean>(() => {});
    };
    await expect(
      client.apply(host.tenant, made.signed, host.blobs(made), { confirm, confirmWithinS: 60, onEvent: () => {} }),
    ).rejects.toThrow();
    await until(async () => (await host.client().status(host.tenant)).interrupted === null);
    expect((await host.client().status(host.tenant)).current).toBe(first.signed.digest);
    await answers();
  });

  test('it vanishes while the host still prepares: the gateway is not even restarted', async () => {
    const before = await pidOf(host, 'gateway');
    const cut = new AbortController();
    const client = host.client(undefined, cut.signal);
    const made = await host.generation({ config: { agents: { defaults: { timeoutSeconds: 77 } } } });
    const onEvent = (event: AgentEvent) => {
      // The candidate config is checked next, which takes the gateway's own program a while.
      if (event.event === 'step' && event.step === 'staged') cut.abort();
    };
    await expect(
      client.apply(host.tenant, made.signed, host.blobs(made), {
        confirm: async () => true,
        confirmWithinS: 60,
        onEvent,
      }),
    ).rejects.toThrow();
    await until(async () => (await host.client().status(host.tenant)).interrupted === null);
    expect((await host.client().status(host.tenant)).current).toBe(first.signed.digest);
    expect(await pidOf(host, 'gateway')).toBe(before);
    await answers();
  });

  test('a runtime that migrates the state and then fails: state and runtime come back', async () => {
    const kept = join(host.layout.state, 'kept.txt');
    writeFileSync(kept, 'before');
    const result = await host.apply(
      await host.brokenRuntime(
        // Where it is tried beside the old one it is as if memory had run short: nothing is known of it then.
        `if (process.env.CLAWDBOT_STATE_DIR.includes('/warm/')) process.kill(process.pid, 'SIGKILL');
         require('node:fs').writeFileSync(${JSON.stringify(kept)}, 'migrated')`,
      ),
    );
    expect(result).toMatchObject({ outcome: 'reverted', change: { warmMs: null, notes: [expect.any(String)] } });
    expect(readFileSync(kept, 'utf8')).toBe('before');
    await answers();
  });

  test('a runtime that does not start at all: the old gateway is not even stopped', async () => {
    const pid = await pidOf(host, 'gateway');
    const result = await host.apply(await host.brokenRuntime(`console.error('no such thing')`));
    expect(result).toMatchObject({ outcome: 'reverted', reason: expect.stringContaining('does not start') });
    expect(await pidOf(host, 'gateway')).toBe(pid);
  });

  test('a generation of somebody else is refused', async () => {
    const made = await retitled('four');
    const forged = { ...made, signed: { ...made.signed, signature: first.signed.signature } };
    await expect(host.apply(forged)).rejects.toMatchObject({ code: 'INTEGRITY' });
    const escaping = await host.generation({
      manifest: (manifest) => ({
        ...manifest,
        files: manifest.files.map((file) => ({ ...file, path: `../${file.path}` })),
      }),
    });
    await expect(host.apply(escaping)).rejects.toMatchObject({
      code: 'INTEGRITY',
      message: expect.stringContaining('leave its folder'),
    });
  });

  test('two at once: the second waits, both end whole', async () => {
    const results = await Promise.all([host.apply(await retitled('five')), host.apply(await retitled('six'))]);
    expect(results.map((result) => result.outcome)).toEqual(['committed', 'committed']);
    expect((await host.client().status(host.tenant)).interrupted).toBeNull();
    await answers();
  });
});

describe('what was changed on the host', () => {
  const edit = (change: (config: Record<string, unknown>) => void) => {
    const config = JSON.parse(readFileSync(host.layout.config, 'utf8')) as Record<string, unknown>;
    change(config);
    writeFileSync(host.layout.config, JSON.stringify(config));
  };

  test('the operator’s paths are shown as drift and converged; the family’s are kept', async () => {
    const owned = await host.generation({ ownership: { family: ['messages.**'] } });
    await host.apply(owned);
    edit((config) => {
      config.messages = { messagePrefix: 'ours' };
      config.cron = { enabled: false };
    });
    const { drift } = await host.client().status(host.tenant);
    expect(drift.config).toEqual([
      { path: 'cron', owner: 'operator', live: { enabled: false } },
      { path: 'messages', owner: 'family', live: { messagePrefix: 'ours' } },
    ]);
    expect((await host.apply(owned)).outcome).toBe('committed');
    const live = JSON.parse(readFileSync(host.layout.config, 'utf8')) as Record<string, unknown>;
    expect(live.messages).toEqual({ messagePrefix: 'ours' });
    expect(live.cron).toBeUndefined();
    expect((await host.apply(owned)).outcome).toBe('converged');
  });

  test('edited, added and removed files of a generation are mended', async () => {
    const made = await host.generation({ skills: { garden: '---\nname: garden\ndescription: x\n---\n' } });
    await host.apply(made);
    const dir = join(host.layout.current, 'skills/garden');
    writeFileSync(join(dir, 'SKILL.md'), 'poison');
    writeFileSync(join(dir, 'extra.md'), 'poison');
    expect((await host.client().status(host.tenant)).drift.files).toEqual([
      { path: 'skills/garden/SKILL.md', problem: 'changed' },
      { path: 'skills/garden/extra.md', problem: 'extra' },
    ]);
    expect((await host.apply(made)).outcome).toBe('committed');
    expect((await host.client().status(host.tenant)).drift.files).toEqual([]);
    writeFileSync(join(host.layout.current, 'generation.json'), '{}');
    expect((await host.apply(made)).outcome).toBe('committed');
    await answers();
  });
});

test('remove: no process, no file of the tenant, no runtime that nobody needs', async () => {
  expect(processesOf(host.root, host.tenant).length).toBeGreaterThan(0);
  await host.client().remove(host.tenant);
  expect(processesOf(host.root, host.tenant)).toEqual([]);
  expect(existsSync(host.layout.dir)).toBe(false);
  expect(readdirSync(join(host.root, 'trees'))).toEqual([host.bundle.node.digest]);
  expect(
    readdirSync(join(host.root, 'objects')).flatMap((shard) => readdirSync(join(host.root, 'objects', shard))),
  ).toEqual([]);
});
