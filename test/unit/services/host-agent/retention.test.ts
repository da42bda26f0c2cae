import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { digestOf } from '../../../../src/core/digest.ts';
import { tenantLayout } from '../../../../src/core/host-layout.ts';
import { History } from '../../../../src/services/host-agent/history.ts';
import { Ledger } from '../../../../src/services/host-agent/ledger.ts';
import { pruneGenerations, type Retained, superfluous } from '../../../../src/services/host-agent/retention.ts';

const retained = (more: Partial<Retained>): Retained => ({
  stored: ['a', 'b', 'c', 'd', 'e'].map((digest, staged) => ({ digest, staged })),
  needed: new Set(['e', 'd']),
  pinned: [],
  proven: new Set(['a', 'b', 'c', 'd', 'e']),
  keep: 3,
  ...more,
});

test.each([
  { name: 'the oldest over the limit', more: {}, gone: ['b', 'a'] },
  { name: 'a higher limit', more: { keep: 4 }, gone: ['a'] },
  { name: 'what runs and what it would go back to stay, whatever the limit', more: { keep: 1 }, gone: ['c', 'b', 'a'] },
  {
    name: 'however old they are',
    more: { needed: new Set(['a', 'b']), keep: 2 },
    gone: ['e', 'd', 'c'],
  },
  {
    name: 'a pinned one stays and takes nobody’s place',
    more: { needed: new Set(['e', 'd', 'a']), pinned: ['a'] },
    gone: ['b'],
  },
  {
    name: 'one that never was proven takes nobody’s place',
    more: { proven: new Set(['a', 'b', 'd', 'e']) },
    gone: ['c', 'a'],
  },
])('$name', ({ more, gone }) => {
  expect(superfluous(retained(more))).toEqual(gone);
});

test('on disk: snapshots that a kept one would go back to stay, half-written folders go', async () => {
  const root = mkdtempSync(join(tmpdir(), 'chp-retention-'));
  afterAll(() => rmSync(root, { recursive: true }));
  const layout = tenantLayout(root, 'demo');
  const history = new History(root, 'demo');
  const put = (app: string, at: number): string => {
    const manifest = { tenant: 'demo', runtime: { name: 'clawdbot', version: app, app }, files: [], at };
    const digest = digestOf(manifest);
    mkdirSync(join(layout.generations, digest), { recursive: true });
    writeFileSync(join(layout.generations, digest, 'generation.json'), JSON.stringify({ manifest, digest }));
    utimesSync(join(layout.generations, digest), at, at);
    mkdirSync(join(layout.snapshots, digest), { recursive: true });
    const snapshot = `${digest}.${at}`;
    mkdirSync(join(layout.snapshots, snapshot, 'state'), { recursive: true });
    const proven = { at: `${at}`, generation: digest, previous: null, runtime: `clawdbot@${app}`, app, config: null };
    history.append({ ...proven, snapshot, rollback: false });
    return digest;
  };
  const pinned = put('1', 1);
  const [changed, old, back, runs] = [put('2', 2), put('2', 3), put('2', 4), put('2', 5)];
  mkdirSync(join(layout.generations, `${pinned}.new`));
  mkdirSync(join(layout.snapshots, `${pinned}.new`));
  symlinkSync(join('generations', runs), layout.current);
  new Ledger(root, 'demo').setKeep(2);
  new Ledger(root, 'demo').pin(pinned);

  const planned = await pruneGenerations(root, 'demo', { dryRun: true });
  expect([...planned.removed].sort()).toEqual([changed, old].sort());
  expect(readdirSync(layout.generations)).toHaveLength(6);
  expect(await pruneGenerations(root, 'demo')).toEqual(planned);
  expect(readdirSync(layout.generations).sort()).toEqual([pinned, back, runs].sort());
  // The pinned one’s state was kept before the program changed.
  expect(readdirSync(layout.snapshots).sort()).toEqual([pinned, back, runs, `${changed}.2`].sort());
});
