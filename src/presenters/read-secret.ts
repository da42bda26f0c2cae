import { text } from 'node:stream/consumers';
import { ChpError } from '../core/errors.ts';
import { redactor } from '../core/redact.ts';

/** A secret's value: from a variable, a prompt, or standard input without its last line break. @throws BAD_INPUT */
export async function readSecret(name: string, variable: string | undefined, interactive: boolean): Promise<string> {
  const value = await read(name, variable, interactive);
  redactor.add(value);
  return value;
}

async function read(name: string, variable: string | undefined, interactive: boolean): Promise<string> {
  if (variable !== undefined) {
    const value = process.env[variable];
    if (value) return value;
    throw new ChpError('BAD_INPUT', `the variable ${variable} is not set`);
  }
  if (interactive) return (await import('./prompts.ts')).askSecret(`Value of ${name}:`);
  if (process.stdin.isTTY)
    throw new ChpError('BAD_INPUT', `no value for ${name}`, {
      next: ['Give it on standard input, or name a variable with --from-env.'],
    });
  return (await text(process.stdin)).replace(/\r?\n$/, '');
}
