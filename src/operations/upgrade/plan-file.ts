import { readFile, rename, writeFile } from 'node:fs/promises';
import { type Digest, digestOf } from '../../core/digest.ts';
import { ChpError } from '../../core/errors.ts';
import type { UpgradePlan } from '../../core/upgrade.ts';
import type { UpgradeRequest } from './target.ts';

/** What somebody approves, and a pipeline runs. */
export interface ApprovedUpgrade {
  request: UpgradeRequest;
  plan: UpgradePlan;
  /** Of the two above: it was not edited since. */
  digest: Digest;
}

export function approvalOf(request: UpgradeRequest, plan: UpgradePlan): ApprovedUpgrade {
  const wanted = { request: JSON.parse(JSON.stringify(request)) as UpgradeRequest, plan };
  return { ...wanted, digest: digestOf(wanted) };
}

export async function writePlanFile(file: string, approval: ApprovedUpgrade): Promise<void> {
  try {
    await writeFile(`${file}.${process.pid}.new`, `${JSON.stringify(approval, null, 2)}\n`, {
      mode: 0o644,
      flush: true,
    });
    await rename(`${file}.${process.pid}.new`, file);
  } catch (cause) {
    throw new ChpError('BAD_INPUT', `${file} can't be written: ${(cause as Error).message}`, { cause });
  }
}

/** @throws NOT_FOUND; INTEGRITY when it is no plan, or was edited; BAD_INPUT when it is another tenant's */
export async function readPlanFile(file: string, tenant: string): Promise<ApprovedUpgrade> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new ChpError('NOT_FOUND', `${file} can't be read: ${cause.message}`, {
      next: [`chp upgrade ${tenant} --dry-run --plan-file ${file}`],
      cause,
    });
  });
  const approval = parsed(text);
  if (!approval || digestOf({ request: approval.request, plan: approval.plan }) !== approval.digest)
    throw new ChpError('INTEGRITY', `${file} is not a plan as chp wrote it`, {
      why: 'It was edited, or is something else. What was approved is what runs.',
      next: [`chp upgrade ${tenant} --dry-run --plan-file ${file}`],
    });
  if (approval.plan.tenant !== tenant)
    throw new ChpError('BAD_INPUT', `${file} is a plan for ${approval.plan.tenant}, not ${tenant}`);
  return approval;
}

function parsed(text: string): ApprovedUpgrade | null {
  try {
    const value = JSON.parse(text) as Partial<ApprovedUpgrade> | null;
    return value?.plan?.schema === 1 && value.request && value.digest ? (value as ApprovedUpgrade) : null;
  } catch {
    return null;
  }
}

/** A plan says by itself what is asked for. @throws BAD_INPUT */
export function assertNoOther(request: UpgradeRequest): void {
  if (request.to === undefined && !request.packs && !request.services) return;
  throw new ChpError('BAD_INPUT', 'a plan says by itself what is upgraded', {
    next: ['Leave out --to, --packs and --services, or make a new plan with --dry-run.'],
  });
}

/** @throws CONFLICT naming what is not as it was when the plan was approved. One that the host runs already is fine. */
export function assertAsApproved(approved: UpgradePlan, now: UpgradePlan): void {
  // A run that was cut may have got as far as the new document.
  const documents = [approved.base.document, approved.document];
  const differs = [
    ...(documents.includes(now.base.document) ? [] : ['the document']),
    ...(approved.base.generation === now.base.generation ? [] : ['what runs on the host']),
    ...(approved.generation === now.generation
      ? []
      : ['what would run: a secret, a skill, a pack or this chp is another']),
  ];
  if (differs.length === 0 || (now.empty && now.generation === approved.generation)) return;
  throw new ChpError('CONFLICT', `the plan for ${now.tenant} does not fit any more`, {
    why: `Since it was made, this changed: ${differs.join('; ')}.`,
    next: [`chp upgrade ${now.tenant} --dry-run --plan-file FILE makes a new one.`],
    details: { approved: approved.base, now: now.base },
  });
}
