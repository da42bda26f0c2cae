import type { TenantDocument } from '../../core/tenant/schema.ts';
import { RESERVED_PATHS } from '../runtimes/clawdbot/config.ts';

export interface SemanticProblem {
  path: (string | number)[];
  key?: boolean;
  message: string;
  suggestion?: string;
}

/** Looks like a key or token in the clear: known prefixes, or a long run of letters and digits. */
const SECRET_VALUE =
  /^(sk-|xox[abp]-|ghp_|AKIA|AIza|\d{8,10}:[A-Za-z0-9_-]{30,})|^(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9_-]{32,}$/;
const REFERENCE = /\$\{([^}]*)\}/g;

/** What the schema can't say. Pure. */
export function semanticProblems(document: TenantDocument): SemanticProblem[] {
  return [...zone(document), ...model(document), ...duplicates(document), ...gatewayConfig(document)];
}

function zone({ timezone }: TenantDocument): SemanticProblem[] {
  if (timezone === undefined) return [];
  try {
    new Intl.DateTimeFormat('en', { timeZone: timezone });
    return [];
  } catch {
    return [{ path: ['timezone'], message: `"${timezone}" is no IANA time zone, such as Europe/Berlin` }];
  }
}

function model({ model: { provider, baseUrl, id } }: TenantDocument): SemanticProblem[] {
  const compatible = provider === 'openai-compatible';
  const problems: SemanticProblem[] = [];
  if (compatible && !baseUrl)
    problems.push({ path: ['model'], message: 'model lacks "baseUrl", which openai-compatible needs' });
  if (compatible && !id) problems.push({ path: ['model'], message: 'model lacks "id", which openai-compatible needs' });
  if (!compatible && baseUrl)
    problems.push({
      path: ['model', 'baseUrl'],
      key: true,
      message: `model.baseUrl is only for openai-compatible, not for ${provider}`,
    });
  return problems;
}

function duplicates({ members = [], skills = [] }: TenantDocument): SemanticProblem[] {
  const twice = (
    list: readonly string[],
    path: (index: number) => (string | number)[],
    what: string,
  ): SemanticProblem[] =>
    list.flatMap((name, index) =>
      list.indexOf(name) < index ? [{ path: path(index), message: `a second ${what} "${name}"` }] : [],
    );
  return [
    ...twice(
      members.map((member) => member.id),
      (index) => ['members', index, 'id'],
      'member with id',
    ),
    ...twice(
      skills.map((skill) => skill.name),
      (index) => ['skills', index, 'name'],
      'skill named',
    ),
  ];
}

function gatewayConfig({ config = {}, channels = {}, secrets = [] }: TenantDocument): SemanticProblem[] {
  const problems: SemanticProblem[] = [];
  const visit = (value: unknown, path: (string | number)[]): void => {
    const inConfig = path.slice(path[0] === 'config' ? 1 : 3).join('.');
    if (path[0] === 'config' && RESERVED_PATHS.some((reserved) => inConfig === reserved))
      problems.push({ path, key: true, message: `config.${inConfig} is set by chp itself and can't be overridden` });
    if (typeof value === 'string') {
      for (const [, name = ''] of value.matchAll(REFERENCE))
        if (!secrets.includes(name))
          problems.push({
            path,
            message: `\${${name}} is no secret of this tenant`,
            suggestion: `add ${name} under secrets:`,
          });
      if (SECRET_VALUE.test(value))
        problems.push({
          path,
          message: 'this looks like a secret in the clear',
          suggestion: 'use ${NAME}, list NAME under secrets:, and run `chp secret set`',
        });
    } else if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value))
        visit(inner, [...path, Array.isArray(value) ? Number(key) : key]);
  };
  visit(config, ['config']);
  for (const [id, { settings }] of Object.entries(channels))
    if (settings) visit(settings, ['channels', id, 'settings']);
  return problems;
}
