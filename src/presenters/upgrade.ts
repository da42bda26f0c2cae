import chalk from 'chalk';
import type { UpgradePlan, UpgradeResult } from '../core/upgrade.ts';
import type { RehearsedUpgrade } from '../operations/upgrade/rehearse-upgrade.ts';
import { presentChecks } from './tenant.ts';

const NOTES = 20;

/** A plan for people: what changes, whether it can be, and for how long the gateway would be away. */
export function presentUpgradePlan(plan: UpgradePlan): string {
  const { tenant, runtime, packs, services, files, releaseNotes, checks, downtime } = plan;
  if (plan.empty) return `${tenant}: nothing newer. It is as this chp would make it.`;
  const lines = [`${tenant} on ${plan.host}: \`chp upgrade ${tenant}\` would bring`];
  if (runtime) lines.push(`  ${chalk.yellow('~')} runtime ${runtime.from} → ${runtime.to}`);
  for (const { id, from, to } of packs)
    lines.push(`  ${chalk.yellow('~')} pack ${id} ${from ?? '(none)'} → ${to ?? '(none)'}`);
  for (const service of services) lines.push(`  ${chalk.yellow('~')} service ${service} is restarted`);
  if (files.length > 0)
    lines.push(`  ${chalk.yellow('~')} ${files.length} ${files.length === 1 ? 'file' : 'files'} of the generation`);
  lines.push(`  the gateway is away for about ${downtime.expectedS} s (${downtime.why})`);
  if (releaseNotes.length > 0) {
    lines.push('', chalk.bold('Release notes'));
    lines.push(...releaseNotes.slice(0, NOTES).map((line) => `  ${line}`));
    if (releaseNotes.length > NOTES) lines.push(chalk.dim(`  … ${releaseNotes.length - NOTES} more lines with --json`));
  }
  lines.push('', chalk.bold('Checked before'), presentChecks(checks));
  return lines.join('\n');
}

/** How a rehearsal went. */
export function presentRehearsal({ tenant, to, checks, ms, promoted }: RehearsedUpgrade): string {
  if (ms === null) return `${tenant}: nothing to rehearse; ${to} runs.`;
  const took = `${(ms / 1000).toFixed(0)} s on a copy of its state, channels muted`;
  const next = promoted ? `\n${presentUpgrade(promoted)}` : `\n${chalk.dim(`chp upgrade ${tenant} --to ${to}`)}`;
  return `${tenant}: the upgrade to ${to} passed its rehearsal (${took})\n${presentChecks(checks)}${next}`;
}

export function presentUpgrade(result: UpgradeResult): string {
  const { tenant, outcome, from, to, packs, change, soakS } = result;
  if (outcome === 'nothing-to-do') return `${tenant}: nothing to upgrade; ${to.runtime} runs.`;
  const side = ({ runtime, number, generation }: UpgradeResult['from']): string =>
    `${runtime} (generation ${number ?? generation.slice(0, 12)})`;
  const lines = [
    `${tenant}: ${side(from)} → ${side(to)}${outcome === 'already-done' ? ', done by this job already' : ''}`,
    ...packs.map((pack) => `  pack ${pack.id} ${pack.from ?? '(none)'} → ${pack.to ?? '(none)'}`),
  ];
  if (change) {
    const { awayMs, drainMs, cutTurns, notes } = change;
    const away = awayMs === null ? 'not measured' : `${(awayMs / 1000).toFixed(1)} s`;
    lines.push(
      `  the gateway was away for ${away}; turns in flight had ${(drainMs / 1000).toFixed(1)} s, ${cutTurns} were cut`,
    );
    for (const note of notes) lines.push(`  ${chalk.yellow('!')} ${note}`);
  }
  if (soakS > 0) lines.push(`  watched for ${soakS} s`);
  lines.push(presentChecks(result.checks));
  if (result.audit.length > 0) lines.push(chalk.dim(`  audit ${result.audit.join(', ')}`));
  return lines.filter(Boolean).join('\n');
}
