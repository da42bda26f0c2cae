import { expect, test } from 'vitest';
import type { DoctorVerdict } from '../../../../src/core/doctor.ts';
import type { Finding, Readings } from '../../../../src/operations/doctor/check.ts';
import { ALL_CHECKS } from '../../../../src/operations/doctor/table.ts';

/** What no test host can be brought to by hand: too little memory, months that passed, a busy Temporal. */
const now = new Date('2026-11-25T12:00:00Z');
const subject = { tenant: 'smith', since: new Date(0), now };

function judged(id: string, readings: unknown): [DoctorVerdict, string] {
  const found = ALL_CHECKS.find((one) => one.id === id)?.judge(readings as Readings, subject) as Finding | Finding[];
  const [first] = Array.isArray(found) ? found : [found];
  if (first === undefined) throw new Error(`${id} found nothing`);
  return typeof first === 'string' ? ['pass', first] : [first.verdict, `${first.of ?? ''} ${first.detail}`];
}

const machine = (more: object) => ({
  machine: { memoryAvailableMb: 2000, memoryTotalMb: 4000, load1: 1, cpus: 2, ...more },
});
const service = (more: object) => ({ services: [{ name: 'worker', memoryMb: 300, memoryMaxMb: 768, ...more }] });
const duties = (more: object) => ({
  duties: {
    ...{ pollers: { workflows: 1, activities: 1 }, backlog: { tasks: 0, oldestS: 0 }, running: [], failed: [] },
    schedules: [{ id: 'smith/a/at-0', paused: false, next: '2026-11-26T08:00:00Z', lateS: 1, missed: 0, ...more }],
    ...more,
  },
});
const event = (kind: string, detail = '') => ({ service: 'gateway', kind, at: '2026-11-25T11:00:00Z', detail });
const worker = (pack: object) => ({
  worker: {
    tenants: [{ name: 'smith', problem: null, packs: [{ id: 'chores', version: '1.0.0', problem: null, ...pack }] }],
  },
  document: { tenant: { packs: [{ id: 'chores' }] } },
});
const updates = (more: object) => ({
  updates: { pending: 3, security: 0, rebootRequired: false, listedAt: '2026-11-25T00:00:00Z', ...more },
});

test.each<[string, unknown, DoctorVerdict, RegExp]>([
  ['here.node', { node: { version: '22.1.0', wanted: '>=24.15.0' } }, 'fail', /22\.1\.0/],
  ['here.disk', { disk: { dir: '/', freeMb: 1500 } }, 'warn', /1500 MB/],
  ['here.disk', { disk: { dir: '/', freeMb: 100 } }, 'fail', /100 MB/],
  ['host.memory', machine({}), 'pass', /2000/],
  ['host.memory', machine({ memoryAvailableMb: 200 }), 'warn', /200/],
  ['host.memory', machine({ memoryAvailableMb: 50 }), 'fail', /50/],
  ['host.load', machine({ load1: 40 }), 'warn', /40\.0 on 2/],
  ['host.load', machine({ load1: null }), 'skipped', /container/],
  ['host.time-sync', { timeSync: { synchronised: false } }, 'warn', /not synchronised/],
  ['host.time-sync', { timeSync: { synchronised: true } }, 'pass', /on/],
  ['host.updates', updates({}), 'pass', /3 wait/],
  ['host.updates', updates({ security: 2 }), 'warn', /2 security/],
  ['host.updates', updates({ pending: null }), 'skipped', /no apt/],
  ['services.memory', service({}), 'pass', /well below/],
  ['services.memory', service({ memoryMb: 700 }), 'warn', /worker 700 of 768/],
  [
    'services.restarts',
    { history: { events: Array.from({ length: 3 }, () => event('restart')) } },
    'fail',
    /gateway 3 by itself/,
  ],
  ['services.oom', { history: { events: [event('failure', 'oom-kill')] } }, 'fail', /gateway at 2026/],
  ['services.oom', { history: { events: [event('oom')] } }, 'fail', /gateway at 2026/],
  ['services.oom', { history: { events: [event('failure', 'exit-code')] } }, 'pass', /none/],
  ['gateway.speed', { gateway: { answersMs: 5000, eventLoopDelayMs: null } }, 'warn', /5000 ms/],
  ['gateway.speed', { gateway: { answersMs: 5, eventLoopDelayMs: 900 } }, 'warn', /event loop 900 ms/],
  [
    'channels.state',
    { channels: [{ id: 'telegram', verdict: 'fail', detail: 'not running' }] },
    'fail',
    /telegram not running/,
  ],
  ['worker.answers', { worker: { draining: false, build: 'b', tenants: [] } }, 'fail', /does not serve/],
  ['worker.pollers', duties({ pollers: { workflows: 1, activities: 0 } }), 'fail', /0 for activities/],
  ['worker.backlog', duties({ backlog: { tasks: 3, oldestS: 120 } }), 'warn', /oldest 120 s/],
  ['worker.backlog', duties({ backlog: { tasks: 3, oldestS: 1200 } }), 'fail', /oldest 1200 s/],
  ['worker.backlog', duties({ backlog: null }), 'skipped', /does not tell/],
  [
    'worker.stuck',
    duties({ running: [{ run: 'smith/a/1', startedAt: '2026-11-01T00:00:00Z' }] }),
    'warn',
    /smith\/a\/1 since/,
  ],
  ['worker.stuck', duties({ running: [{ run: 'smith/a/1', startedAt: '2026-11-25T00:00:00Z' }] }), 'pass', /1 go on/],
  ['worker.schedules', duties({}), 'pass', /all in time/],
  ['worker.schedules', duties({ lateS: 90 }), 'warn', /90 s late/],
  ['worker.schedules', duties({ lateS: 900 }), 'fail', /900 s late/],
  ['worker.schedules', duties({ missed: 2 }), 'warn', /missed 2/],
  ['worker.schedules', duties({ next: '2026-11-25T11:00:00Z' }), 'fail', /3600 s ago/],
  ['packs.installed', worker({}), 'pass', /chores@1\.0\.0/],
  ['packs.installed', worker({ id: 'other' }), 'fail', /chores the worker does not have it/],
  ['packs.installed', worker({ problem: 'its digest is another' }), 'fail', /chores its digest/],
  [
    'packs.results',
    duties({ failed: [{ run: 'smith/a/1', pack: 'a', status: 'blocked', reason: 'no model', endedAt: 'then' }] }),
    'warn',
    /blocked at then: no model/,
  ],
])('%s: %j is %s', (id, readings, verdict, says) => {
  const [is, detail] = judged(id, readings);
  expect(is).toBe(verdict);
  expect(detail).toMatch(says);
});
