import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { redactor } from '../../core/redact.ts';

/**
 * The login of the operator's npm for registries: keys such as `//registry.example/:_authToken`, from ~/.npmrc or the
 * file that NPM_CONFIG_USERCONFIG names. `${NAME}` stands for a variable, as npm has it.
 */
export function npmLogins(env: NodeJS.ProcessEnv): Record<string, string> {
  const path = env.NPM_CONFIG_USERCONFIG ?? env.npm_config_userconfig ?? join(env.HOME ?? homedir(), '.npmrc');
  if (!existsSync(path)) return {};
  const logins: Record<string, string> = {};
  for (const line of readFileSync(path, 'utf8').split(/\r?\n/)) {
    const [, key, value = ''] = /^\s*(\/\/[^=\s]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key === undefined) continue;
    const plain = value.replace(/^(["'])(.*)\1$/, '$2').replace(/\$\{([^}]+)\}/g, (whole, name) => env[name] ?? whole);
    logins[key] = plain;
    if (/:_(authToken|auth|password)$/.test(key)) redactor.add(plain);
  }
  return logins;
}
