import inquirer from 'inquirer';
import type { SshOptions } from '../adapters/ssh/connect.ts';

/** Yes or no; no is the default. */
export async function confirm(message: string): Promise<boolean> {
  const { yes } = await inquirer.prompt([{ type: 'confirm', name: 'yes', message, default: false }]);
  return yes as boolean;
}

/** A value that is not shown. */
export async function askSecret(message: string): Promise<string> {
  const { value } = await inquirer.prompt([{ type: 'password', name: 'value', message, mask: '*' }]);
  return value as string;
}

/** What an SSH connection may ask of a person. */
export const sshPrompts: Pick<SshOptions, 'confirmHostKey' | 'passphrase'> = {
  confirmHostKey: (host, fingerprint) => confirm(`${host} shows the host key ${fingerprint}. Is it the right one?`),
  passphrase: async (file) => (await askSecret(`Passphrase of ${file}:`)) || null,
};

/** What `chp tenant create` needs and was not given. */
export async function askTenant(known: {
  name?: string;
  host?: string;
  provider?: string;
}): Promise<{ name: string; host: string; provider: string }> {
  const answers = await inquirer.prompt([
    ...(known.name ? [] : [{ type: 'input' as const, name: 'name', message: 'Name of the tenant (a DNS label):' }]),
    ...(known.host
      ? []
      : [
          {
            type: 'input' as const,
            name: 'host',
            message: 'Host (`local` for this machine, else user@host):',
            default: 'local',
          },
        ]),
    ...(known.provider
      ? []
      : [
          {
            type: 'select' as const,
            name: 'provider',
            message: 'Model:',
            choices: ['anthropic', 'openai', 'openai-compatible', 'demo'],
          },
        ]),
  ]);
  return { ...known, ...answers } as { name: string; host: string; provider: string };
}

type NewPackAnswers = Record<'id' | 'description' | 'author', string>;

/** What `chp pack init` needs and was not given. */
export async function askPack(
  known: { [name in keyof NewPackAnswers]: string | undefined },
  defaults: NewPackAnswers,
): Promise<Partial<NewPackAnswers>> {
  const messages: NewPackAnswers = {
    id: 'Name in the catalogue:',
    description: 'What does a family get?',
    author: 'Author (Name <address>):',
  };
  const names = (Object.keys(messages) as (keyof NewPackAnswers)[]).filter((name) => known[name] === undefined);
  return inquirer.prompt(
    names.map((name) => ({ type: 'input' as const, name, message: messages[name], default: defaults[name] })),
  );
}

/** One of several. */
export async function select<T extends string>(message: string, choices: { value: T; name: string }[]): Promise<T> {
  const { value } = await inquirer.prompt([{ type: 'select', name: 'value', message, choices }]);
  return value as T;
}
