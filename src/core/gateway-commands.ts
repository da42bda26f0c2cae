import { ChpError } from './errors.ts';

/** How a runtime's own command line is asked, beside its service. */
export interface GatewayCommands {
  /** Its program, in the runtime's tree. */
  entry: string;
  /** What its variables begin with. */
  prefix: string;
  /** Variables that name its config file and its state. */
  configPath: string;
  stateDir: string;
  /** Arguments that make it say whether it would take the file at `configPath`: exit code 0. */
  validate: readonly string[];
}

const COMMANDS: Readonly<Record<string, GatewayCommands>> = {
  clawdbot: {
    entry: 'node_modules/clawdbot/dist/entry.js',
    prefix: 'CLAWDBOT',
    configPath: 'CLAWDBOT_CONFIG_PATH',
    stateDir: 'CLAWDBOT_STATE_DIR',
    // There is no command that validates alone; every one of them reads the whole file first.
    validate: ['config', 'get', 'gateway.port'],
  },
};

/** @throws INTEGRITY for a runtime that is not known */
export function commandsOf(runtime: string): GatewayCommands {
  const commands = Object.hasOwn(COMMANDS, runtime) ? COMMANDS[runtime] : undefined;
  if (commands) return commands;
  throw new ChpError('INTEGRITY', `this chp can't run ${runtime}`, {
    next: ['chp tenant apply TENANT installs the agent that belongs to this chp.'],
  });
}
