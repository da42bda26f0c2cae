import chalk from 'chalk';
import type { TenantPlan } from '../core/plan.ts';

const SIGN = {
  add: chalk.green('+'),
  create: chalk.green('+'),
  change: chalk.yellow('~'),
  update: chalk.yellow('~'),
  replace: chalk.magenta('±'),
  remove: chalk.red('-'),
  delete: chalk.red('-'),
};

/** A plan for people: one line a change, drift last, and what to run. */
export function presentPlan(plan: TenantPlan): string {
  if (plan.empty) return `${plan.tenant}: nothing to change. The host is as the document says.`;
  const lines = [`${plan.tenant}: \`chp tenant apply ${plan.tenant}\` would`];
  for (const { op, resource, paths } of plan.infrastructure)
    lines.push(`  ${SIGN[op]} ${op} ${resource}${paths.length > 0 ? `: ${paths.join(', ')}` : ''}`);
  if (plan.generation) {
    const { from, to, files, services, runtime } = plan.generation;
    lines.push(`  ${from ? SIGN.change : SIGN.add} generation ${from ? `${short(from)} → ` : ''}${short(to)}`);
    if (runtime) lines.push(`    runtime ${runtime.from ? `${runtime.from} → ` : ''}${runtime.to}`);
    for (const { path, change } of files) lines.push(`    ${SIGN[change]} ${path}`);
    for (const service of services) lines.push(`    ${SIGN.change} service ${service}`);
  }
  const { config, files, services } = plan.drift;
  const mended = config.filter((change) => change.owner === 'operator');
  const kept = config.filter((change) => change.owner !== 'operator');
  if (mended.length + files.length + services.length > 0) lines.push(`  mend what was changed on the host`);
  for (const { path, base, live } of mended)
    lines.push(`    ${SIGN.change} config ${path}: ${value(live)} → ${value(base)}`);
  for (const { path, problem } of files) lines.push(`    ${SIGN.change} file ${path} (${problem})`);
  for (const service of services) lines.push(`    ${SIGN.change} start ${service}`);
  for (const { path, owner, live } of kept)
    lines.push(chalk.dim(`    kept: config ${path} = ${value(live)} (the ${owner}'s)`));
  return lines.join('\n');
}

const short = (digest: string): string => digest.slice(0, 12);
const value = (json: unknown): string => (json === undefined ? '(absent)' : JSON.stringify(json));
