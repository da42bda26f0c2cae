import { ChpError } from '../errors.ts';
import { LABEL_NAME_PATTERN, LABEL_VALUE_PATTERN } from './maintenance-schema.ts';

/** One requirement of a selector: `key` has one of `values`, or (negated) none of them. Without values: it is there at all. */
export interface Requirement {
  key: string;
  values: readonly string[] | null;
  negated: boolean;
}

export type Selector = readonly Requirement[];
export type Labels = Readonly<Record<string, string>>;

const NEXT = ['Such as: ring=stable,region!=us   region in (eu,uk)   !beta', 'See labels: chp tenant export NAME'];
// A comma within parentheses separates values, not requirements.
const SEPARATOR = /,(?![^(]*\))/;
const SET = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/;
const EQUALITY = /^([^=!\s]+)\s*(==|=|!=)\s*(\S*)$/;
const EXISTS = /^(!?)\s*([^=!\s]+)$/;

/**
 * Reads a selector as Kubernetes writes them: `k=v`, `k==v`, `k!=v`, `k in (a,b)`, `k notin (a,b)`, `k`, `!k`; a comma
 * means *and*.
 * @throws BAD_INPUT
 */
export function parseSelector(text: string): Selector {
  return text.split(SEPARATOR).map((part) => requirement(part.trim(), text));
}

/** As in Kubernetes, what has no such label satisfies `!=` and `notin`. */
export function selects(selector: Selector, labels: Labels): boolean {
  return selector.every(({ key, values, negated }) => {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
    const holds = value !== undefined && (values === null || values.includes(value));
    return holds !== negated;
  });
}

function requirement(part: string, text: string): Requirement {
  const [, setKey, word, list] = SET.exec(part) ?? [];
  if (setKey !== undefined)
    return checked(
      { key: setKey, values: (list ?? '').split(',').map((one) => one.trim()), negated: word === 'notin' },
      text,
    );
  const [, key, operator, value = ''] = EQUALITY.exec(part) ?? [];
  if (key !== undefined) return checked({ key, values: [value], negated: operator === '!=' }, text);
  const [, not, present] = EXISTS.exec(part) ?? [];
  if (present !== undefined) return checked({ key: present, values: null, negated: not === '!' }, text);
  throw new ChpError('BAD_INPUT', `"${part}" in the selector "${text}" is no requirement`, { next: NEXT });
}

function checked(requirement: Requirement, text: string): Requirement {
  const { key, values } = requirement;
  const wrong = [
    ...(new RegExp(LABEL_NAME_PATTERN).test(key) ? [] : [key]),
    ...(values ?? []).filter((value) => !new RegExp(LABEL_VALUE_PATTERN).test(value)),
  ];
  if (wrong.length > 0)
    throw new ChpError('BAD_INPUT', `"${wrong[0]}" in the selector "${text}" can't be a label's`, { next: NEXT });
  return requirement;
}
