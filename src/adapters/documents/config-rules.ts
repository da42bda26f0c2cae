import { isSecretByName, looksSecret } from '../../core/documents/looks-secret.ts';
import { SECRET_NAME_PATTERN } from '../../core/names.ts';
import { GATEWAY_TOKEN } from '../../core/secret-names.ts';
import type { TenantDocument } from '../../core/tenant/schema.ts';
import { modelSecret, secretReferences } from '../runtimes/clawdbot/config.ts';
import { reservedBy } from '../runtimes/clawdbot/reserved.ts';
import type { SemanticProblem } from './semantic-problem.ts';

const CLEAR = 'this looks like a secret in the clear';

/** The gateway's parts of a document, `config:` and `channels.*.settings:`: nothing of chp's, no secret in the clear. Pure. */
export function configProblems(document: TenantDocument): SemanticProblem[] {
  const { config = {}, channels = {}, connectors = {}, packs = [], secrets = [] } = document;
  const declared = new Set([
    GATEWAY_TOKEN,
    modelSecret(document) ?? '',
    ...secrets,
    ...Object.values(channels).map(({ secret }) => secret ?? ''),
  ]);
  const problems: SemanticProblem[] = [];
  const visit = (value: unknown, path: (string | number)[]): void => {
    const reserved = path[0] === 'config' && path.length > 1 ? reservedBy(path.slice(1).map(String), value) : null;
    if (reserved) {
      problems.push({ path, key: true, ...reserved });
      return;
    }
    if (path.at(-1) === '$include')
      problems.push({
        path,
        key: true,
        message: 'the gateway would read another file, which chp neither ships nor watches',
        suggestion: 'write its content here',
      });
    if (typeof value === 'string') problems.push(...textProblems(value, path, declared));
    else if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value))
        visit(inner, [...path, Array.isArray(value) ? Number(key) : key]);
  };
  visit(config, ['config']);
  for (const [id, { settings }] of Object.entries(channels))
    if (settings) visit(settings, ['channels', id, 'settings']);
  for (const [id, { settings }] of Object.entries(connectors))
    problems.push(
      ...clearProblems(settings, ['connectors', id, 'settings'], 'name it under secrets: of the connector'),
    );
  for (const [index, { inputs }] of packs.entries())
    problems.push(...clearProblems(inputs, ['packs', index, 'inputs'], 'a connector takes secrets; a pack never does'));
  return problems;
}

/** Secrets in the clear in a part that is not the gateway's. */
function clearProblems(value: unknown, path: (string | number)[], suggestion: string): SemanticProblem[] {
  if (typeof value === 'string') return looksSecret(value) ? [{ path, message: CLEAR, suggestion }] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    clearProblems(inner, [...path, Array.isArray(value) ? Number(key) : key], suggestion),
  );
}

function textProblems(value: string, path: (string | number)[], declared: ReadonlySet<string>): SemanticProblem[] {
  const problems: SemanticProblem[] = secretReferences(value)
    .filter((name) => !declared.has(name))
    .map((name) => ({
      path,
      message: `\${${name}} is no secret of this tenant`,
      suggestion: new RegExp(SECRET_NAME_PATTERN).test(name)
        ? `add ${name} under secrets:`
        : 'a secret begins with a letter',
    }));
  const key = path.at(-1);
  if (looksSecret(value) || (typeof key === 'string' && isSecretByName(key, value)))
    problems.push({
      path,
      message: CLEAR,
      suggestion: 'use ${NAME}, list NAME under secrets:, and run `chp secret set`',
    });
  return problems;
}
