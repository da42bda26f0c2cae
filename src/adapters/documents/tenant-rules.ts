import { didYouMean } from '../../core/documents/problems.ts';
import { steersProcess } from '../../core/secret-names.ts';
import type { TenantDocument } from '../../core/tenant/schema.ts';
import { automationProblems } from './automation-rules.ts';
import { configProblems } from './config-rules.ts';
import { maintenanceProblems } from './maintenance-rules.ts';
import { memberProblems } from './member-rules.ts';
import type { SemanticProblem } from './semantic-problem.ts';

/** What the schema can't say. Pure. */
export function semanticProblems(document: TenantDocument): SemanticProblem[] {
  return [
    ...zone(document),
    ...model(document),
    ...image(document),
    ...maintenanceProblems(document),
    ...memberProblems(document),
    ...skills(document),
    ...secretNames(document),
    ...configProblems(document),
    ...automationProblems(document),
  ];
}

/** A name, spelled as it is listed: the gateway's process takes `europe/berlin` for UTC, and `+02:00` for the opposite. */
function zone({ timezone }: TenantDocument): SemanticProblem[] {
  if (timezone === undefined || timezone === 'UTC') return [];
  try {
    const spelled = new Intl.DateTimeFormat('en', { timeZone: timezone }).resolvedOptions().timeZone;
    const differs = spelled !== timezone && spelled.toLowerCase() === timezone.toLowerCase();
    if (/^[A-Z]/.test(timezone) && !differs) return [];
  } catch {
    // Said below.
  }
  const suggestion = didYouMean(timezone, Intl.supportedValuesOf('timeZone'));
  return [
    {
      path: ['timezone'],
      message: `"${timezone}" is no IANA time zone, such as Europe/Berlin`,
      ...(suggestion ? { suggestion } : {}),
    },
  ];
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
  if (baseUrl && !/^https?:\/\//.test(baseUrl))
    problems.push({ path: ['model', 'baseUrl'], message: 'model.baseUrl must begin with http:// or https://' });
  return problems;
}

function image({ services }: TenantDocument): SemanticProblem[] {
  if (services?.image === undefined || services.manager === 'compose') return [];
  const path = ['services', 'image'];
  return [{ path, key: true, message: 'services.image is only for services.manager: compose' }];
}

function skills({ skills: list = [] }: TenantDocument): SemanticProblem[] {
  return list.flatMap(({ name }, index) =>
    list.findIndex((other) => other.name === name) < index
      ? [{ path: ['skills', index, 'name'], message: `a second skill named "${name}"` }]
      : [],
  );
}

function secretNames({ secrets = [], model: { secret }, channels = {} }: TenantDocument): SemanticProblem[] {
  const named: [path: (string | number)[], name: string | undefined][] = [
    [['model', 'secret'], secret],
    ...secrets.map((name, index): [(string | number)[], string] => [['secrets', index], name]),
    ...Object.entries(channels).map(([id, channel]): [string[], string | undefined] => [
      ['channels', id, 'secret'],
      channel.secret,
    ]),
  ];
  return named.flatMap(([path, name]) =>
    name !== undefined && steersProcess(name)
      ? [{ path, message: `${name} is a variable that the gateway itself needs; choose another name` }]
      : [],
  );
}
