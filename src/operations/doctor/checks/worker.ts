import type { WorkerHealth } from '../../../core/worker-protocol.ts';
import { check, type Finding, fail, skipped, warn } from '../check.ts';

const BACKLOG_WARN_S = 60;
const BACKLOG_FAIL_S = 600;
const LATE_WARN_S = 60;
const LATE_FAIL_S = 600;
const STUCK_DAYS = 7;
const DAY_MS = 86_400_000;
const TOLD = 10;

const packsOf = ({ tenants }: WorkerHealth, tenant: string) => tenants.find(({ name }) => name === tenant);

export const WORKER = [
  check({
    id: 'worker.answers',
    group: 'worker',
    title: 'Worker answers',
    means: 'The process that runs packs is down: nothing scheduled happens.',
    needs: ['worker'],
    owns: ['worker'],
    fix: {
      text: 'See why; apply starts it again.',
      command: 'chp logs TENANT worker; chp tenant apply TENANT',
      automatic: 'apply',
    },
    judge: ({ worker }, { tenant }) => {
      const served = packsOf(worker, tenant);
      if (worker.draining) return warn('it is stopping');
      if (!served) return fail('it does not serve this tenant');
      return served.problem === null ? `build ${worker.build.slice(0, 12)}` : fail(served.problem);
    },
  }),
  check({
    id: 'worker.temporal',
    group: 'worker',
    title: 'Temporal answers',
    means: 'The worker has no connection to Temporal: runs stand still, and go on by themselves once it is back.',
    needs: ['worker'],
    fix: { text: 'See why.', command: 'chp logs TENANT temporal; chp tenant apply TENANT', automatic: 'apply' },
    judge: ({ worker: { temporal } }) =>
      temporal.ok ? temporal.address : fail(`${temporal.address}: ${temporal.detail}`),
  }),
  check({
    id: 'worker.pollers',
    group: 'worker',
    title: 'Asks for work',
    means: 'Temporal sees nobody who asks for this tenant’s tasks, although the worker says that it runs.',
    needs: ['duties'],
    owns: ['duties'],
    fix: { text: 'Start it anew.', command: 'chp exec TENANT --root -- systemctl restart chp-TENANT-worker.service' },
    judge: ({ duties: { pollers } }) =>
      pollers.workflows > 0 && pollers.activities > 0
        ? `${pollers.workflows} for workflows, ${pollers.activities} for activities`
        : fail(`${pollers.workflows} ask for workflows, ${pollers.activities} for activities`),
  }),
  check({
    id: 'worker.backlog',
    group: 'worker',
    title: 'Backlog',
    means: 'Tasks wait longer than they should: the worker is too slow, or stands still.',
    needs: ['duties'],
    fix: { text: 'See what runs.', command: 'chp pack history TENANT; chp logs TENANT worker' },
    judge: ({ duties: { backlog } }) => {
      if (backlog === null) return skipped('this Temporal does not tell');
      const detail = `${backlog.tasks} tasks, the oldest ${backlog.oldestS} s`;
      if (backlog.tasks === 0) return 'none';
      return backlog.oldestS > BACKLOG_FAIL_S ? fail(detail) : backlog.oldestS > BACKLOG_WARN_S ? warn(detail) : detail;
    },
  }),
  check({
    id: 'worker.stuck',
    group: 'worker',
    title: 'Runs without an end',
    means: `A run goes on for more than ${STUCK_DAYS} days. It may rightly wait for somebody’s answer.`,
    needs: ['duties'],
    fix: {
      text: 'See what it waits for: an answer in the inbox, or an event.',
      command: 'chp inbox TENANT; chp pack history TENANT',
    },
    judge: ({ duties: { running } }, { now }) => {
      const old = running.filter(({ startedAt }) => now.getTime() - Date.parse(startedAt) > STUCK_DAYS * DAY_MS);
      return old.length === 0
        ? `${running.length} go on`
        : old.slice(0, TOLD).map(({ run, startedAt }) => warn(`since ${startedAt}`, { of: run }));
    },
  }),
  check({
    id: 'worker.schedules',
    group: 'worker',
    title: 'Schedules',
    means: 'A schedule is paused, began its run late, missed it, or should have begun one by now.',
    needs: ['duties'],
    fix: {
      text: 'Look at the worker, and at how busy or how often off the host is.',
      command: 'chp logs TENANT temporal; chp logs TENANT worker',
    },
    judge: ({ duties: { schedules } }, { now }) => {
      const bad = schedules.flatMap(({ id, paused, next, lateS, missed }): Finding[] => {
        const overdueS = next === null ? 0 : Math.round((now.getTime() - Date.parse(next)) / 1000);
        if (paused) return [fail('is paused', { of: id })];
        if (overdueS > LATE_WARN_S) return [fail(`should have begun ${overdueS} s ago`, { of: id })];
        if ((lateS ?? 0) > LATE_FAIL_S) return [fail(`began ${lateS} s late`, { of: id })];
        if ((lateS ?? 0) > LATE_WARN_S) return [warn(`began ${lateS} s late`, { of: id })];
        return missed > 0 ? [warn(`missed ${missed} starts since it was made`, { of: id })] : [];
      });
      return bad.length > 0 ? bad : `${schedules.length}, all in time`;
    },
  }),
  check({
    id: 'packs.installed',
    group: 'packs',
    title: 'Are what was installed',
    means: 'The worker can’t run a pack, or has another one than the generation says.',
    needs: ['worker', 'document'],
    fix: { text: 'Put it there again.', command: 'chp tenant apply TENANT' },
    judge: ({ worker, document }, { tenant }) => {
      const known = packsOf(worker, tenant)?.packs ?? [];
      const wanted = document.tenant?.packs ?? [];
      const bad = wanted.flatMap(({ id }): Finding[] => {
        const pack = known.find((one) => one.id === id);
        if (!pack) return [fail('the worker does not have it', { of: id })];
        return pack.problem === null ? [] : [fail(pack.problem, { of: id })];
      });
      return bad.length > 0
        ? bad
        : known.map(({ id, version }) => `${id}@${version}`).join(', ') || skipped('it has no packs');
    },
  }),
  check({
    id: 'packs.results',
    group: 'packs',
    title: 'Last results',
    means: 'A run ended badly since the time that --since names.',
    needs: ['duties'],
    fix: { text: 'See what happened in it.', command: 'chp pack history TENANT' },
    judge: ({ duties: { failed } }) =>
      failed.length === 0
        ? 'none ended badly'
        : failed
            .slice(0, TOLD)
            .map(({ run, status, reason, endedAt }) =>
              warn(`${status} at ${endedAt}: ${reason ?? 'no reason given'}`, { of: run }),
            ),
  }),
  check({
    id: 'connectors.call',
    group: 'connectors',
    title: 'Connector',
    means: 'A service that packs use can’t be reached, or refuses the key.',
    needs: ['parts'],
    owns: ['parts'],
    fix: { text: 'Look whether it is up, and at its key.', command: 'chp secret list TENANT; chp logs TENANT worker' },
    judge: ({ parts: { connectors } }) =>
      connectors.length === 0
        ? skipped('none is set up')
        : connectors.map(({ name, ok, detail }) =>
            ok ? { verdict: 'pass', detail, of: name } : fail(detail, { of: name }),
          ),
  }),
  check({
    id: 'connectors.notify',
    group: 'connectors',
    title: 'Messages by',
    means: 'A way to reach people does not work: messages stay in the inbox.',
    needs: ['parts'],
    fix: { text: 'Look at its key and its address.', command: 'chp secret list TENANT; chp logs TENANT worker' },
    judge: ({ parts: { channels } }) =>
      channels.length === 0
        ? skipped('none is set up')
        : channels.map(({ name, ok, detail }) =>
            ok ? { verdict: 'pass', detail, of: name } : fail(detail, { of: name }),
          ),
  }),
];

export const BACKUPS = [
  check({
    id: 'backups.newest',
    group: 'backups',
    title: 'Newest, and whether it can be restored',
    means: 'This chp does not make backups of tenants yet.',
    needs: [],
    fix: { text: 'Back up the hub by other means.' },
    judge: () => skipped('this chp makes no backups yet: nothing was looked at'),
  }),
];
