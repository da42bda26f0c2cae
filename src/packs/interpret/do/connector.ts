import { DEVICE_CONNECTOR, operationOf } from '../../connectors/index.ts';
import { sampleOf } from '../../sample.ts';
import { StepFailure } from '../failure.ts';
import { isApproved } from '../state.ts';
import { assertInput, withoutNulls } from './input.ts';
import { act, plan, type VerbStep } from './verb-step.ts';

export async function callConnector(call: VerbStep): Promise<unknown> {
  const {
    connector,
    operation,
    args = {},
  } = call.with as {
    connector: string;
    operation: string;
    args?: Record<string, unknown>;
  };
  return callOperation(call, connector, operation, args);
}

export async function callDevice(call: VerbStep): Promise<unknown> {
  const { device, action, args = {} } = call.with as { device: string; action: string; args?: Record<string, unknown> };
  if (operationOf(DEVICE_CONNECTOR, action)?.service === undefined)
    throw new StepFailure('undeclared', `device.call has no action "${action}"`);
  return callOperation(call, DEVICE_CONNECTOR, action, { ...args, device });
}

async function callOperation(
  call: VerbStep,
  connector: string,
  name: string,
  args: Record<string, unknown>,
): Promise<unknown> {
  const { input } = call.running;
  if (!input.pack.requires?.connectors?.includes(connector))
    throw new StepFailure('undeclared', `the pack does not require the connector "${connector}"`);
  const operation = operationOf(connector, name);
  if (!operation) throw new StepFailure('undeclared', `the connector "${connector}" has no operation "${name}"`);
  if (operation.risk === 'high' && !isApproved(call.frame))
    throw new StepFailure('undeclared', `${connector} ${name} is high risk, and nobody approved it in this run`);
  const given = withoutNulls(args);
  assertInput(`${connector} ${name}`, operation.args, given);
  if (input.dryRun && operation.effect === 'write') {
    plan(call, { connector, operation: name, args: given });
    return sampleOf(operation.result);
  }
  const timeoutMs = operation.timeoutMs ?? call.verb.timeoutMs;
  return act(call, 'connector.call', { connector, operation: name, args: given }, { timeoutMs });
}
