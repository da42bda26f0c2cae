import chalk from 'chalk';
import type { NamedChange } from '../core/generation-diff.ts';
import type { LostHistory } from '../core/host-generations.ts';
import type { ShownDiff } from '../operations/generations/diff-generations.ts';
import type { Pinned, Pruned } from '../operations/generations/keep-generations.ts';
import type { GenerationDetails, GenerationList, GenerationView } from '../operations/generations/list-generations.ts';
import type { RollbackPlan } from '../operations/generations/plan-rollback.ts';
import type { RolledBack } from '../operations/generations/rollback.ts';
import { table } from './table.ts';
import { presentChecks } from './tenant.ts';

const SIGN = { add: chalk.green('+'), change: chalk.yellow('~'), remove: chalk.red('-') };
const short = (digest: string): string => digest.slice(0, 12);
const day = (at: string | null): string => (at ? at.slice(0, 16).replace('T', ' ') : '-');

export function presentGenerations({ tenant, keep, generations, hostProblem }: GenerationList): string {
  const asked = generations.some(({ host }) => host !== null);
  const rows = generations.map((one) => [
    one.number === null ? '-' : String(one.number),
    short(one.digest),
    one.runtime ?? '-',
    day(one.createdAt),
    one.outcome ?? '-',
    asked ? onHost(one) : '?',
  ]);
  const lines = [table(['No', 'Digest', 'Runtime', 'Made', 'Last outcome', 'On the host'], rows)];
  if (hostProblem) lines.push(chalk.red(`What lies on the host is not known: ${hostProblem}`));
  lines.push(chalk.dim(`${keep} are kept on the host, and what is pinned. Go back: chp rollback ${tenant}`));
  return lines.join('\n');
}

function onHost({ host, reason }: GenerationView): string {
  if (!host) return chalk.dim('removed');
  const marks = [
    host.current ? chalk.green('runs') : '',
    host.lastProven ? 'last proven' : '',
    host.pinned ? 'pinned' : '',
    host.failure ? chalk.red(`failed: ${host.failure.reason}`) : '',
    host.stateFrom ? 'has the state from before it' : '',
    host.stagedAt === null ? 'only what it left behind' : host.complete ? '' : chalk.yellow('not whole'),
  ].filter(Boolean);
  return marks.join(', ') || (reason ?? 'whole');
}

export function presentGeneration({ tenant, generation, made, hostProblem }: GenerationDetails): string {
  const { host, pinnedBy } = generation;
  const list = (names: readonly string[]): string => names.join(', ') || '-';
  const rows: [string, string][] = [
    ['Generation', `${generation.number ?? '-'} of ${tenant}`],
    ['Digest', generation.digest],
    ['Runtime', generation.runtime ?? '-'],
    ['Made', day(generation.createdAt)],
    ['Last outcome', `${generation.outcome ?? '-'}${generation.reason ? `: ${generation.reason}` : ''}`],
    ['Pinned by', pinnedBy ?? '-'],
  ];
  if (made)
    rows.push(
      ['Services', list(made.services)],
      ['Skills', list(made.skills)],
      ['Packs', list(made.packs)],
      ['Channels', list(made.channels)],
      ['Secrets', list(made.secrets)],
    );
  rows.push(['On the host', hostProblem ? chalk.red(`not known: ${hostProblem}`) : onHost(generation)]);
  if (host?.provenAt) rows.push(['Last proven', day(host.provenAt)]);
  if (host?.failure)
    rows.push([
      'Failed',
      `${day(host.failure.at)}, after ${host.failure.step ?? 'nothing'}; logs in failed/${short(generation.digest)}… there: ${list(host.failure.logs)}`,
    ]);
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `${chalk.bold(label.padEnd(width))}  ${value}`).join('\n');
}

export function presentDiff({ tenant, numbers, runtime, config, ...rest }: ShownDiff): string {
  const lines = [`${tenant}: generation ${numbers.from} → ${numbers.to}`];
  if (runtime) lines.push(`  ${SIGN.change} runtime ${runtime.from} → ${runtime.to}`);
  for (const path of config ?? []) lines.push(`  ${SIGN.change} config ${path}`);
  if (config === null) lines.push(chalk.dim('  config: not known, what one of them was made of is not kept'));
  for (const kind of ['skills', 'packs', 'services', 'channels', 'secrets', 'files'] as const)
    for (const change of rest[kind]) lines.push(`  ${named(kind.slice(0, -1), change)}`);
  return lines.length === 1 ? `${lines[0]}: the same` : lines.join('\n');
}

function named(kind: string, { name, change, from, to }: NamedChange): string {
  const versions = [from, to].filter((one) => one !== undefined).join(' → ');
  return `${SIGN[change]} ${kind} ${name}${versions ? ` ${versions}` : ''}`;
}

export const presentPinned = ({ tenant, number, digest, pinned }: Pinned): string =>
  `${tenant}: generation ${number ?? short(digest)} ${pinned ? 'stays on the host until it is unpinned' : 'is pinned no longer'}`;

export function presentPruned({ tenant, keep, dryRun, removed, kept }: Pruned): string {
  const what = removed.length === 0 ? 'nothing' : removed.map(short).join(', ');
  return `${tenant}: ${dryRun ? 'would remove' : 'removed'} ${what}; ${kept.length} on the host (${keep} are kept, and what is pinned)`;
}

export function presentRollbackPlan(plan: RollbackPlan): string {
  const { tenant, from, to, runs, sends, change, state } = plan;
  if (runs) return `${tenant}: generation ${to.number} runs already`;
  const lines = [
    `${tenant}: generation ${from ? (from.number ?? short(from.digest)) : '-'} → ${to.number} (${to.runtime}, proven ${day(to.provenAt)})`,
    sends ? '  it is sent: the host has removed it' : '  it lies on the host: nothing is sent',
  ];
  if (change?.runtime) lines.push(`  ${SIGN.change} runtime ${change.runtime.from} → ${change.runtime.to}`);
  for (const file of change?.files ?? []) lines.push(`  ${SIGN[file.change]} ${file.path}`);
  for (const service of change?.services ?? []) lines.push(`  ${SIGN.change} service ${service}`);
  lines.push(...stateLines(state).map((line) => `  ${line}`));
  lines.push(
    plan.document === 'restored'
      ? '  tenant.yaml, skills, packs and secrets in the registry become what that generation was made of'
      : chalk.yellow('  tenant.yaml stays as it is: what that generation was made of is not kept'),
  );
  return lines.join('\n');
}

function stateLines({ runtimeChanges, irreversible, snapshot }: RollbackPlan['state']): string[] {
  if (!runtimeChanges) return ['sessions and workspace stay as they are: the runtime is the same'];
  const kept = irreversible
    ? 'can’t be done: the other runtime can’t read what was made of the state'
    : 'sessions and workspace stay as they are now';
  const restored = snapshot
    ? `as they were at ${day(snapshot.at)}; lost: ${lostInWords(snapshot.lost)}; never goes back: ${snapshot.carried.join(', ') || 'nothing there'}`
    : 'can’t be done: there is no snapshot of that time';
  return [`--keep-state: ${kept}`, `--restore-state: ${restored}`];
}

/** What a restore would lose, for a person who is asked. */
export function lostInWords(lost: LostHistory): string {
  if (lost === null) return 'what was said since (it can’t be counted)';
  const many = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
  return `${many(lost.sessions, 'session')}, ${many(lost.messages, 'message')}`;
}

export function presentRolledBack({ tenant, plan, applied, state }: RolledBack): string {
  const lines = [`${tenant} runs generation ${plan.to.number} (${plan.to.runtime})`];
  if (state === 'restore' && plan.state.snapshot)
    lines.push(
      `Sessions and workspace are as at ${day(plan.state.snapshot.at)}. Lost: ${lostInWords(plan.state.snapshot.lost)}.`,
    );
  if (state === 'keep') lines.push('Sessions and workspace are as they were.');
  lines.push(presentChecks(applied.checks));
  return lines.filter(Boolean).join('\n');
}
