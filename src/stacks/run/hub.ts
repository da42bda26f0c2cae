import { ChpError } from '../../core/errors.ts';
import type { InfrastructureChange } from '../../core/plan.ts';
import { redactor } from '../../core/redact.ts';
import { checkHubArgs, type HubArgs } from '../args/hub.ts';
import { IDENTITY_SECRETS, type IdentityOutputs } from '../provider/identity.ts';
import { changeOf } from './changes.ts';
import { explainFailure } from './faults.ts';
import { clearPending, removeBegun } from './repair.ts';
import { withStack } from './with-stack.ts';
import { type Engine, ifMissing, readOutputs, type StackOptions, withEngine } from './workspace.ts';

/**
 * Makes identity and host base what they are to be; looks at the host first, and goes on where a killed run stopped.
 * `onChange` hears of each change as it begins.
 * @returns the identity, secrets in the clear
 */
export async function upHub(
  args: HubArgs,
  options: StackOptions,
  onChange: (line: string) => void,
): Promise<IdentityOutputs> {
  checkHubArgs(args);
  const identity = await withStack(args.tenant, await programOf(args), options, async ({ stack, pending }) => {
    await clearPending(stack, pending, options.note ?? (() => {}));
    const { outputs } = await stack.up({
      refresh: true,
      suppressOutputs: true,
      onEvent: (event) => {
        const change = changeOf(event);
        if (change) onChange(`${change.op} ${change.resource.split('::').at(-1)}`);
      },
    });
    return identityOf(Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value])));
  });
  return identity as IdentityOutputs;
}

/** What `upHub` would change, hand edits on the host included. Empty = nothing. Changes neither host nor state. */
export async function previewHub(args: HubArgs, options: StackOptions): Promise<InfrastructureChange[]> {
  checkHubArgs(args);
  const changes = await withStack(args.tenant, await programOf(args), options, async ({ stack }) => {
    const found: InfrastructureChange[] = [];
    await stack.preview({
      refresh: true,
      onEvent: (event) => {
        const change = changeOf(event);
        if (change) found.push(change);
      },
    });
    return found;
  });
  return changes ?? [];
}

/** Brings the state in line with the host, and what was begun to its end in the state. @returns what differs on the host from what it should be, in words */
export async function refreshHub(tenant: string, options: StackOptions): Promise<string[]> {
  const drift = await withStack(tenant, null, options, async ({ stack, engine }) => {
    await stack.refresh({ clearPendingCreates: true, suppressOutputs: true });
    return (await resourcesOf(tenant, engine)).flatMap(({ outputs }) => outputs?.drift ?? []);
  });
  return drift ?? [];
}

/**
 * Takes a host that has the tenant's base already into the state, as it is. The next `upHub` makes a new identity and
 * gives it to the host.
 * @throws NOT_FOUND where the host has no such base; CONFLICT where the state knows the tenant already
 */
export async function importHub(args: HubArgs, options: StackOptions): Promise<void> {
  checkHubArgs(args);
  const { importProgram } = await import('../programs/hub.ts');
  await withStack(args.tenant, importProgram(args), options, async ({ stack, engine }) => {
    if ((await resourcesOf(args.tenant, engine)).length > 0)
      throw new ChpError('CONFLICT', `the Pulumi state knows ${args.tenant} already`, {
        next: [`chp tenant apply ${args.tenant}`],
      });
    await stack.up({ suppressOutputs: true });
  });
}

/** What the state says, without touching anything. null = there is no stack, or it has no identity yet. */
export function readHub(tenant: string, options: StackOptions): Promise<IdentityOutputs | null> {
  return reading(tenant, options, async (engine) => {
    const outputs = await readOutputs(tenant, engine).catch(ifMissing<Record<string, unknown>>({}));
    return outputs.gatewayToken ? identityOf(outputs) : null;
  });
}

/** The state as JSON, secrets encrypted. null = there is no stack. */
export function exportState(tenant: string, options: StackOptions): Promise<string | null> {
  return reading(tenant, options, (engine) =>
    engine('stack', 'export', '--stack', tenant).catch(ifMissing<string | null>(null)),
  );
}

/** Removes identity and host base, then the stack itself. Nothing to remove is fine. */
export async function destroyHub(tenant: string, options: StackOptions): Promise<void> {
  await withStack(tenant, null, options, async ({ stack, engine, pending }) => {
    await removeBegun(pending, options);
    await stack.destroy({ suppressOutputs: true });
    await engine('stack', 'rm', '--yes', '--remove-backups', '--stack', tenant);
  });
}

/** Forgets the stack without touching the host. Nothing to forget is fine. */
export async function forgetHub(tenant: string, options: StackOptions): Promise<void> {
  await withStack(tenant, null, options, async ({ engine }) => {
    await engine('stack', 'rm', '--yes', '--force', '--remove-backups', '--stack', tenant);
  });
}

/** Resources of ours in the state. */
async function resourcesOf(tenant: string, engine: Engine): Promise<StateResource[]> {
  const { deployment } = JSON.parse(await engine('stack', 'export', '--stack', tenant)) as {
    deployment: { resources?: StateResource[] };
  };
  return (deployment.resources ?? []).filter(({ type }) => type.startsWith('chp:'));
}

interface StateResource {
  type: string;
  outputs?: { drift?: string[] };
}

/** One run of the engine: quicker than the Automation API. */
function reading<T>(tenant: string, options: StackOptions, work: Parameters<typeof withEngine<T>>[1]): Promise<T> {
  return withEngine(options, work).catch((error: unknown) => {
    throw explainFailure(tenant, error);
  });
}

// Loaded on use: it brings Pulumi's runtime along.
const programOf = async (args: HubArgs) => (await import('../programs/hub.ts')).hubProgram(args);

function identityOf(outputs: Record<string, unknown>): IdentityOutputs {
  const identity = outputs as unknown as IdentityOutputs;
  for (const name of IDENTITY_SECRETS) redactor.add(identity[name]);
  return identity;
}
