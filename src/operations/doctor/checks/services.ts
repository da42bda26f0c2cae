import type { ServiceReading } from '../../../core/host-readings.ts';
import { check, type Finding, fail, skipped, warn } from '../check.ts';

const NEARLY_FULL = 0.9;
const MANY_RESTARTS = 3;

const each = (services: readonly ServiceReading[], well: string, judge: (one: ServiceReading) => Finding | null) => {
  const bad = services.flatMap((one) => judge(one) ?? []);
  return bad.length > 0 ? bad : well;
};

export const SERVICES = [
  check({
    id: 'services.running',
    group: 'services',
    title: 'Run',
    means: 'A service of the tenant does not run.',
    needs: ['services'],
    owns: ['services'],
    fix: {
      text: 'See why; apply starts it again.',
      command: 'chp logs TENANT OF; chp tenant apply TENANT',
      automatic: 'apply',
    },
    judge: ({ services }) =>
      each(services, services.map(({ name }) => name).join(', '), ({ name, active, state }) =>
        active ? null : fail(`does not run${state ? `: ${state}` : ''}`, { of: name }),
      ),
  }),
  check({
    id: 'services.enabled',
    group: 'services',
    title: 'Come back after a boot',
    means: 'A service was disabled by hand: after the next power cut it stays away.',
    needs: ['services'],
    fix: { text: 'Enable it.', command: 'chp exec TENANT --root -- systemctl enable chp-TENANT-OF.service' },
    judge: ({ services }) =>
      services.every(({ enabled }) => enabled === null)
        ? skipped('their manager starts them all, or none')
        : each(services, 'they do', ({ name, enabled }) =>
            enabled === false ? fail('is not enabled', { of: name }) : null,
          ),
  }),
  check({
    id: 'services.hardening',
    group: 'services',
    title: 'Hardening in force',
    means: 'What systemd has loaded is not what chp wrote: a drop-in, a hand edit, or a reload that did not happen.',
    needs: ['services'],
    fix: {
      text: 'Remove what was laid over it (systemctl revert), then apply.',
      command: 'chp exec TENANT --root -- systemctl revert chp-TENANT-OF.service; chp tenant apply TENANT',
    },
    judge: ({ services }) =>
      services.every(({ hardening }) => hardening === null)
        ? skipped('no systemd runs them')
        : each(services, 'every limit as it was written', ({ name, hardening }) => {
            const words = (hardening ?? []).map(({ property, wanted, found }) =>
              wanted === '' ? `${property} ${found}` : `${property} is ${found || 'not set'}, not ${wanted}`,
            );
            return words.length > 0 ? fail(words.join('; '), { of: name }) : null;
          }),
  }),
  check({
    id: 'services.process',
    group: 'services',
    title: 'Confined as the kernel has it',
    means:
      'The process that runs has more rights than its unit gives: it was started in another way, or before a change.',
    needs: ['services', 'base'],
    fix: { text: 'Start it anew.', command: 'chp exec TENANT --root -- systemctl restart chp-TENANT-OF.service' },
    judge: ({ services }, { tenant }) => {
      const confined = services.filter(({ hardening, process }) => hardening !== null && process !== null);
      if (confined.length === 0) return skipped('no systemd runs them, or none runs');
      return each(
        confined,
        `chp-${tenant}, no capabilities, no new privileges, system calls filtered`,
        ({ name, process }) => {
          const off = [
            ...(process?.user === `chp-${tenant}` ? [] : [`runs as ${process?.user}`]),
            ...(process?.noNewPrivileges ? [] : ['may gain privileges']),
            ...(process?.seccomp ? [] : ['system calls are not filtered']),
            ...(process?.capabilities ? ['has capabilities'] : []),
          ];
          return off.length > 0 ? fail(off.join(', '), { of: name }) : null;
        },
      );
    },
  }),
  check({
    id: 'services.memory',
    group: 'services',
    title: 'Memory limits',
    means: 'A service is about to reach its limit, where it is ended.',
    needs: ['services'],
    fix: {
      text: 'Give it more (services.memoryMaxMb in tenant.yaml), or see what takes it.',
      command: 'chp logs TENANT OF',
    },
    judge: ({ services }) =>
      each(services, 'well below', ({ name, memoryMb, memoryMaxMb }) =>
        memoryMb !== null && memoryMaxMb !== null && memoryMb > memoryMaxMb * NEARLY_FULL
          ? warn(`${memoryMb} of ${memoryMaxMb} MB`, { of: name })
          : null,
      ),
  }),
  check({
    id: 'services.restarts',
    group: 'services',
    title: 'Restarts',
    means: 'A service ended by itself since the time that --since names, and was started again.',
    needs: ['history'],
    owns: ['history'],
    fix: { text: 'See what it said before.', command: 'chp logs TENANT OF -n 500' },
    judge: ({ history: { events } }) => {
      const names = [...new Set(events.filter(({ kind }) => kind === 'restart').map(({ service }) => service))];
      if (names.length === 0) return 'none';
      return names.map((name) => {
        const of = events.filter(({ kind, service }) => kind === 'restart' && service === name);
        const detail = `${of.length} by itself, the last at ${of.at(-1)?.at}`;
        return of.length >= MANY_RESTARTS ? fail(detail, { of: name }) : warn(detail, { of: name });
      });
    },
  }),
  check({
    id: 'services.oom',
    group: 'services',
    title: 'Ended for memory',
    means:
      'The kernel ended a service, or one of its processes, because it reached its limit or the host had no memory left.',
    needs: ['history'],
    fix: {
      text: 'Give it more (services.memoryMaxMb in tenant.yaml), or see what takes it.',
      command: 'chp logs TENANT OF -n 500',
    },
    judge: ({ history: { events } }) => {
      const oom = events.filter(({ kind, detail }) => kind === 'oom' || detail === 'oom-kill');
      const names = [...new Set(oom.map(({ service }) => service))];
      return names.length === 0
        ? 'none'
        : names.map((name) => fail(`at ${oom.findLast(({ service }) => service === name)?.at}`, { of: name }));
    },
  }),
];
