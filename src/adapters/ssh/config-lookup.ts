import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { ChpError } from '../../core/errors.ts';
import { parseConfigFile } from './config-file.ts';
import { matchesList } from './patterns.ts';
import { expandHome, expandTokens } from './tokens.ts';

/** What is asked of the configuration. */
export interface ConfigQuery {
  /** Host as it was given. */
  host: string;
  /** Given with it; it wins over the configuration's. */
  user: string | undefined;
  port: number | undefined;
  home: string;
  env: NodeJS.ProcessEnv;
}

/** Keyword → the words of each line that applies, first line first; in the order in which keywords were first met. */
export type ConfigValues = Map<string, string[][]>;

const MAX_DEPTH = 16;

/**
 * What the files say of a host, as ssh_config(5) has it: the first value wins. `Match canonical` and criteria that chp
 * does not know never apply.
 * @throws BAD_INPUT when a file can't be read or understood; a default file may be absent
 */
export function lookUp(query: ConfigQuery): ConfigValues {
  const own = query.env.CHP_SSH_CONFIG;
  const files = own ? [own] : [join(query.home, '.ssh', 'config'), '/etc/ssh/ssh_config'];
  const lookup = new Lookup(query);
  for (const file of files) lookup.read(file, Boolean(own));
  if (lookup.asksForFinal) {
    lookup.final = true;
    for (const file of files) lookup.read(file, Boolean(own));
  }
  return lookup.values;
}

class Lookup {
  readonly values: ConfigValues = new Map();
  readonly #query: ConfigQuery;
  asksForFinal = false;
  /** The second pass, for `Match final`: hosts are then compared by what HostName said. */
  final = false;

  constructor(query: ConfigQuery) {
    this.#query = query;
  }

  read(file: string, required: boolean, applies = true, depth = 0): void {
    if (depth > MAX_DEPTH)
      throw new ChpError('BAD_INPUT', `${file}: files include each other without end`, {
        next: ['Look at its Include lines.'],
      });
    const text = readConfig(file, required);
    if (text === null) return;
    let active = applies;
    for (const { keyword, words, line } of parseConfigFile(text, file)) {
      if (keyword === 'host') active = applies && matchesList(words, this.final ? this.#hostname() : this.#query.host);
      else if (keyword === 'match') active = applies && this.#matches(words);
      else if (keyword === 'include') {
        // What it says inside of a block that does not apply is not even looked at.
        if (active)
          for (const path of words.flatMap((word) => this.#included(word, file)))
            this.read(path, true, true, depth + 1);
      } else if (active && words.length > 0) this.#set(keyword, words);
      else if (active) throw new ChpError('BAD_INPUT', `${file}:${line} can't be understood: ${keyword} has no value`);
    }
  }

  #set(keyword: string, words: string[]): void {
    const known = this.values.get(keyword);
    if (!known) this.values.set(keyword, [words]);
    else if (keyword === 'identityfile' && !known.some(([file]) => file === words[0])) known.push(words);
  }

  #included(word: string, from: string): string[] {
    const path = expandHome(word, this.#query.home);
    const base = from.startsWith('/etc/ssh/') ? dirname('/etc/ssh/ssh_config') : join(this.#query.home, '.ssh');
    return globSync(isAbsolute(path) ? path : join(base, path)).sort();
  }

  /** Criteria of a `Match` line: all must hold. */
  #matches(words: readonly string[]): boolean {
    let holds = true;
    for (let at = 0; at < words.length; at++) {
      const negated = words[at]?.startsWith('!') ?? false;
      const criterion = words[at]?.slice(negated ? 1 : 0).toLowerCase() ?? '';
      const argument = ['all', 'canonical', 'final'].includes(criterion) ? '' : (words[++at] ?? '');
      // Commands run only where all before them holds.
      if (holds) holds = this.#holds(criterion, argument) !== negated;
    }
    return holds;
  }

  #holds(criterion: string, argument: string): boolean {
    const list = argument.split(',');
    switch (criterion) {
      case 'all':
        return true;
      case 'final':
        this.asksForFinal = true;
        return this.final;
      case 'host':
        return matchesList(list, this.#hostname());
      case 'originalhost':
        return matchesList(list, this.#query.host);
      case 'user':
        return matchesList(list, this.#user());
      case 'localuser':
        return matchesList(list, userInfo().username);
      case 'exec': {
        const { env } = this.#query;
        const command = expandTokens(argument, this.#tokens());
        return spawnSync(env.SHELL || '/bin/sh', ['-c', command], { env, stdio: 'ignore' }).status === 0;
      }
      default:
        return false;
    }
  }

  #hostname(): string {
    const { host } = this.#query;
    return expandTokens(this.values.get('hostname')?.[0]?.[0] ?? host, { h: host });
  }

  #user(): string {
    return this.#query.user ?? this.values.get('user')?.[0]?.[0] ?? userInfo().username;
  }

  #tokens(): Record<string, string> {
    const { host, port, home } = this.#query;
    return {
      d: home,
      h: this.#hostname(),
      n: host,
      p: String(port ?? this.values.get('port')?.[0]?.[0] ?? 22),
      r: this.#user(),
      u: userInfo().username,
    };
  }
}

function readConfig(file: string, required: boolean): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    if (!required && (cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new ChpError('BAD_INPUT', `${file} can't be read: ${(cause as Error).message}`, { cause });
  }
}
