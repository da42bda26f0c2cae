import { check, type Finding, fail, skipped, warn } from '../check.ts';

const SLOW_MS = 2_000;
const LOOP_WARN_MS = 200;

export const GATEWAY = [
  check({
    id: 'gateway.answers',
    group: 'gateway',
    title: 'Answers',
    means: 'Nothing answers on its port, it refuses its own token, or says that it is not well.',
    needs: ['gateway'],
    owns: ['gateway'],
    fix: {
      text: 'See what it says; apply starts it again.',
      command: 'chp logs TENANT gateway; chp tenant apply TENANT',
      automatic: 'apply',
    },
    judge: ({ gateway: { healthy, port } }) =>
      healthy ? `healthy on port ${port}` : fail('it says that it is not healthy'),
  }),
  check({
    id: 'gateway.version',
    group: 'gateway',
    title: 'Version that answers',
    means: 'Another process, or another version than the one that is meant, answers on its port.',
    needs: ['gateway'],
    fix: {
      text: 'Find out who else listens there, then apply.',
      command: 'chp exec TENANT --root -- ss -tlnp; chp tenant apply TENANT',
    },
    judge: ({ gateway: { version, wanted, port } }) => {
      if (version === null) return fail(`another process than ours answers on port ${port}`);
      return version === wanted ? version : fail(`${version}, but ${wanted} was meant`);
    },
  }),
  check({
    id: 'gateway.config',
    group: 'gateway',
    title: 'Configuration that it took',
    means:
      'The gateway runs with another configuration than the file that lies there, or does not accept that file: it may run on an empty one, without its tools’ limits.',
    needs: ['gateway'],
    fix: {
      text: 'Put the file back, which makes it read it anew.',
      command: 'chp tenant apply TENANT',
      automatic: 'apply',
    },
    judge: ({ gateway: { config, configFile } }) => {
      if (config === null) return fail('it does not accept the file that lies there');
      return config === configFile ? 'the file that lies there' : fail('it took another one than lies there');
    },
  }),
  check({
    id: 'gateway.speed',
    group: 'gateway',
    title: 'Answers at once',
    means: 'The gateway is slow to answer a small question: it computes, or the host is overloaded.',
    needs: ['gateway'],
    fix: { text: 'See what it does.', command: 'chp logs TENANT gateway' },
    judge: ({ gateway: { answersMs, eventLoopDelayMs } }) => {
      const loop =
        eventLoopDelayMs === null ? 'it does not tell its event loop’s delay' : `event loop ${eventLoopDelayMs} ms`;
      const detail = `${answersMs} ms; ${loop}`;
      return answersMs > SLOW_MS || (eventLoopDelayMs ?? 0) > LOOP_WARN_MS ? warn(detail) : detail;
    },
  }),
  check({
    id: 'turn.agent',
    group: 'turn',
    title: 'The agent answers',
    means:
      'A message to the agent comes back as an error, or not at all: the model’s key, its quota, its address, or the gateway.',
    needs: ['turn'],
    owns: ['turn'],
    fix: {
      text: 'See what the model said; look at its key.',
      command: 'chp logs TENANT gateway; chp secret list TENANT',
    },
    judge: ({ turn }) => turn,
  }),
  check({
    id: 'channels.state',
    group: 'channels',
    title: 'Channel',
    means: 'A channel is configured but does not run, or its service refuses us.',
    needs: ['channels'],
    owns: ['channels'],
    fix: {
      text: 'Look at its settings and at its token.',
      command: 'chp config get TENANT channels.OF; chp logs TENANT gateway',
    },
    judge: ({ channels }) => channels.map(({ id, verdict, detail }): Finding => ({ verdict, detail, of: id })),
  }),
  check({
    id: 'channels.message',
    group: 'channels',
    title: 'A message to itself',
    means: 'No channel of the gateway lets a bot write to itself: what a person would see there is not looked at.',
    needs: ['channels'],
    fix: { text: 'Write to the bot.' },
    judge: ({ channels }) => channels.map(({ id }) => skipped('its service does not let a bot write to itself', id)),
  }),
  check({
    id: 'skills.eligible',
    group: 'skills',
    title: 'Skill',
    means: 'The gateway does not see a skill, or it lacks what it needs (a program, a variable, a setting).',
    needs: ['skills'],
    owns: ['skills'],
    fix: {
      text: 'Give it what it lacks, or push it again.',
      command: 'chp skill list TENANT; chp skill push TENANT OF',
    },
    judge: ({ skills }) => skills.map(({ name, verdict, detail }): Finding => ({ verdict, detail, of: name })),
  }),
];
