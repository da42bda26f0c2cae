import { hostname } from 'node:os';
import type { Stack } from '@pulumi/pulumi/automation/index.js';
import type { InfrastructureChange } from '../../core/plan.ts';
import { redactor } from '../../core/redact.ts';
import type { HubArgs } from '../args/hub.ts';
import { IDENTITY_SECRETS, type IdentityOutputs } from '../provider/identity.ts';
import { explainFailure } from './faults.ts';
import { repairState } from './repair.ts';
import { openStack, type StackOptions } from './workspace.ts';

const nothing = async (): Promise<Record<string, unknown>> => ({});

/** Makes identity and host base what they are to be; looks at the host first. @returns the identity */
export function upHub(
  args: HubArgs,
  options: StackOptions,
  onChange: (line: string) => void,
): Promise<IdentityOutputs> {
  return withStack(args.tenant, args, options, async (stack) => {
    const { outputs } = await stack.up({
      refresh: true,
      onEvent: (event) => told(event, onChange),
      signal: options.signal,
      suppressOutputs: true,
    });
    return identityOf(outputs);
  });
}

/** What `upHub` would change, hand edits on the host included. */
export function previewHub(args: HubArgs, options: StackOptions): Promise<InfrastructureChange[]> {
  return withStack(args.tenant, args, options, async (stack) => {
    const changes: InfrastructureChange[] = [];
    await stack.preview({
      refresh: true,
      signal: options.signal,
      onEvent: ({ resourcePreEvent }) => {
        const step = resourcePreEvent?.metadata;
        const op = step && OPS[step.op];
        if (!step || !op || step.type === 'pulumi:pulumi:Stack') return;
        const drift = (step.old?.outputs as { drift?: string[] } | undefined)?.drift ?? [];
        changes.push({
          resource: step.urn.split('::').slice(-2).join('::'),
          op,
          paths: drift.length > 0 ? drift : Object.keys(step.detailedDiff ?? {}).concat(step.diffs ?? []),
        });
      },
    });
    return changes;
  });
}

/** What the state says, without touching anything. null = there is no stack, or it has no identity yet. */
export function readHub(tenant: string, options: StackOptions): Promise<IdentityOutputs | null> {
  return withStack(tenant, null, options, async (stack) => {
    const outputs = await stack.outputs();
    return outputs.gatewayToken ? identityOf(outputs) : null;
  });
}

/** Removes identity and host base, then the stack itself. Nothing to remove is fine. */
export function destroyHub(tenant: string, options: StackOptions): Promise<void> {
  return withStack(tenant, null, options, async (stack) => {
    await stack.destroy({ signal: options.signal, suppressOutputs: true });
    await stack.workspace.removeStack(tenant);
  });
}

/** Forgets the stack without touching the host. */
export function forgetHub(tenant: string, options: StackOptions): Promise<void> {
  return withStack(tenant, null, options, (stack) => stack.workspace.removeStack(tenant, { force: true }));
}

const OPS: Record<string, InfrastructureChange['op']> = {
  create: 'create',
  update: 'update',
  replace: 'replace',
  delete: 'delete',
};

async function withStack<T>(
  tenant: string,
  args: HubArgs | null,
  options: StackOptions,
  work: (stack: Stack) => Promise<T>,
): Promise<T> {
  try {
    const program = args ? (await import('../programs/hub.ts')).hubProgram(args) : nothing;
    const stack = await openStack(tenant, program, options);
    await repairState(stack, tenant, hostname());
    return await work(stack);
  } catch (error) {
    throw explainFailure(tenant, error);
  }
}

function identityOf(outputs: Awaited<ReturnType<Stack['outputs']>>): IdentityOutputs {
  const identity = Object.fromEntries(
    Object.entries(outputs).map(([name, { value }]) => [name, value as string]),
  ) as unknown as IdentityOutputs;
  for (const name of IDENTITY_SECRETS) redactor.add(identity[name]);
  return identity;
}

function told(
  event: { resourcePreEvent?: { metadata: { op: string; urn: string; type: string } } },
  onChange: (line: string) => void,
): void {
  const step = event.resourcePreEvent?.metadata;
  if (step && step.op !== 'same' && step.type !== 'pulumi:pulumi:Stack')
    onChange(`${step.op} ${step.urn.split('::').at(-1)}`);
}
