import chalk from 'chalk';
import { DEMO, type QuickstartRemoved, type QuickstartResult } from '../operations/quickstart.ts';
import { presentRun, presentRuns } from './packs.ts';
import { presentChecks } from './tenant.ts';

/** What was created, what was checked, and what to try next. */
export function presentQuickstart(result: QuickstartResult, home: string): string {
  const { again, model, auditEntries, generation, checks, brief, history } = result;
  const { tenant, manager, platform } = result.converged;
  return [
    chalk.bold(again ? `${tenant} was there already and is as it should be.` : `${tenant} is up.`),
    '',
    'Created',
    `  gateway and ${model === 'demo' ? 'an offline demo model (it is not an AI, and says so)' : `the model of ${model}`}, run by ${manager} on this machine (${platform})`,
    `  generation ${generation.slice(0, 12)}, signed; registry, Pulumi state, keys and audit in ${home}`,
    '',
    'Checked',
    presentChecks(checks),
    `  ${chalk.green('✓')} Audit: ${auditEntries} entries, every hash and signature holds`,
    '',
    'Morning Brief, run once with a demo calendar',
    indented(presentRun(brief)),
    '',
    'Its history',
    indented(presentRuns(history)),
    '',
    'Try next',
    `  npx chp tenant show ${tenant}`,
    `  npx chp pack run ${tenant} morning-brief`,
    `  npx chp logs ${tenant}`,
    '',
    'Remove it again: npm run quickstart -- --destroy',
  ].join('\n');
}

/** What is gone, and what was left because others use it. */
export function presentRemoved({ removed, homeRemoved }: QuickstartRemoved, home: string): string {
  const gone = removed ? `${DEMO} is gone; nothing of it is left on this machine.` : `There is no tenant ${DEMO}.`;
  return homeRemoved
    ? `${gone} So is ${home}: nothing else had used it.`
    : `${gone} ${home} stays: other tenants, or the audit of others, are in it.`;
}

const indented = (text: string): string => text.replaceAll(/^(?=.)/gm, '  ');
