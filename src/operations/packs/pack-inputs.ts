import { parse } from 'yaml';
import { ChpError } from '../../core/errors.ts';

/** `NAME=VALUE` as written on a command line; a value is YAML: 3, true, [ana, ben], "06:55". @throws BAD_INPUT */
export function packInputs(pairs: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, name, text = ''] = /^([a-z][a-z0-9_]{0,40})=(.*)$/s.exec(pair) ?? [];
      if (!name) throw new ChpError('BAD_INPUT', `"${pair}" is no NAME=VALUE`, { next: ['--input time=06:55'] });
      return [name, parsed(name, text)];
    }),
  );
}

function parsed(name: string, text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0, schema: 'core' });
  } catch (cause) {
    throw new ChpError('BAD_INPUT', `the value of ${name} is neither plain text nor YAML`, {
      next: [`Quote it: --input '${name}="…"'`],
      cause,
    });
  }
}
