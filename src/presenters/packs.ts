import chalk from 'chalk';
import type { Envelope, StoredMessage } from '../core/ports/automation.ts';
import type { RunSummary, TrailEntry } from '../core/worker-protocol.ts';
import type { PackOutcome } from '../operations/packs/install-pack.ts';
import type { PackView } from '../operations/packs/list-packs.ts';
import type { PackChange } from '../operations/packs/lock-packs.ts';
import type { StartedRun } from '../operations/packs/runs.ts';
import type { PlannedEffect } from '../packs/interpret/ports.ts';
import { presentEdit } from './edit.ts';
import { table } from './table.ts';

/** What became of the packs, then of the push. */
export function presentPackOutcome(outcome: PackOutcome, otherwise: string): string {
  return presentEdit(outcome, outcome.changes.map(change).join(', ') || otherwise);
}

function change({ id, from, to }: PackChange): string {
  if (to === null) return `${id} ${from} is removed`;
  return from === null || from === to ? `${id} ${to} is installed` : `${id} ${from} → ${to}`;
}

export function presentPacks(packs: readonly PackView[], tenant: string): string {
  if (packs.length === 0) return `No packs. Find one: chp pack search; chp pack install ${tenant} morning-brief`;
  return table(
    ['PACK', 'VERSION', 'WANTED', 'CATALOGUE', 'STATE'],
    packs.map(({ id, version, want, catalogue, enabled }) => [
      id,
      version ?? 'not locked',
      want,
      catalogue,
      enabled ? 'on' : 'off',
    ]),
  );
}

const COLOUR: Record<string, (text: string) => string> = {
  success: chalk.green,
  'soft-fail': chalk.yellow,
  'needs-info': chalk.yellow,
  blocked: chalk.red,
  'manual-override': chalk.yellow,
};
const status = (text: string): string => (COLOUR[text] ?? ((plain: string) => plain))(text);

/** How a run ended, its steps, and what it gives. */
export function presentRun({ run, result }: StartedRun): string {
  if (!result) return `Started ${run}. See it: chp pack history`;
  const rows = result.steps.map(({ path, uses, status: how, ms, message }) => [
    path,
    uses,
    how,
    `${ms} ms`,
    message ?? '',
  ]);
  const outputs = Object.entries(result.outputs).map(
    ([name, value]) =>
      `  ${name}: ${typeof value === 'string' ? value.replaceAll('\n', '\n    ') : JSON.stringify(value)}`,
  );
  return [
    `${run}: ${status(result.status)}${result.reason ? ` (${result.reason})` : ''}`,
    '',
    table(['STEP', 'USES', 'STATUS', 'TOOK', ''], rows),
    ...(outputs.length > 0 ? ['', 'Outputs', ...outputs] : []),
    ...(result.planned ? ['', ...presentPlanned(result.planned)] : []),
  ].join('\n');
}

/** What a dry run would have done. */
function presentPlanned(planned: readonly PlannedEffect[]): string[] {
  if (planned.length === 0) return ['It would have changed nothing and told nobody.'];
  const rows = planned.map((effect) => [effect.path, effect.verb, JSON.stringify(effect.with)]);
  return ['Would have been done', table(['STEP', 'VERB', 'WITH'], rows)];
}

export function presentRuns(runs: readonly RunSummary[]): string {
  if (runs.length === 0) return 'No runs.';
  return table(
    ['STARTED', 'PACK', 'VERSION', 'BY', 'STATUS', 'RUN', 'REASON'],
    runs.map((one) => [
      one.startedAt,
      one.pack,
      one.version,
      one.trigger,
      status(one.status),
      one.run,
      one.reason ?? '',
    ]),
  );
}

export function presentTrail(entries: readonly TrailEntry[]): string {
  if (entries.length === 0) return 'No entries yet.';
  return table(
    ['SEQ', 'AT', 'ACTOR', 'EVENT', 'RUN', 'DETAILS'],
    entries.map((one) => [String(one.seq), one.at, one.actor, one.event, one.run, JSON.stringify(one.details)]),
  );
}

export function presentMessages(messages: readonly StoredMessage[]): string {
  if (messages.length === 0) return 'Nobody was told anything.';
  return table(
    ['AT', 'TO', 'BY', 'WHAT'],
    messages.map(({ at, to, delivery, text }) => [at, to, delivery?.via ?? 'not yet', text.replaceAll(/\s+/g, ' ')]),
  );
}

export function presentInbox(envelopes: readonly Envelope[], tenant: string): string {
  if (envelopes.length === 0) return 'Nothing is asked.';
  const open = envelopes.find(({ state }) => state === 'open');
  return [
    table(
      ['ENVELOPE', 'STATE', 'RISK', 'UNTIL', 'WHO', 'WHAT'],
      envelopes.map((one) => [one.id, one.state, one.risk, one.expiresAt, one.approvers.join(' '), one.summary]),
    ),
    ...(open ? ['', `Answer: chp approve ${tenant} ${open.id} --as ${open.approvers[0] ?? 'MEMBER'}`] : []),
  ].join('\n');
}
