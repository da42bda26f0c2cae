import { VerbFailure } from '../../../core/ports/automation.ts';
import { operationOf } from '../../../packs/connectors/index.ts';
import type { VerbCall } from '../../../packs/interpret/ports.ts';
import type { Acts } from '../../../packs/verbs/acts.ts';
import { problemIn } from '../forms.ts';
import { activity } from './activity.ts';
import type { TenantServices } from './services.ts';

export const connectorCall = ({ connectors, effects, sealer, tenant }: TenantServices) =>
  activity(async (call, options) => {
    const { connector: name, operation, args } = checked(call);
    const connector = connectors.get(name);
    if (!connector) throw new VerbFailure('not-found', `the tenant has no connector "${name}"`);
    const act = () => connector.call(operation, args, options);
    if (operationOf(name, operation)?.effect === 'none') return act();
    const idempotent = connector.idempotent(operation);
    return effects.once({ key: call.key, tenant, verb: `${name} ${operation}`, idempotent }, sealer, act);
  });

/** Lint has seen to it; a run is not trusted to be of a pack that was linted. */
function checked(call: VerbCall): Acts['connector.call']['with'] {
  const { connector, operation, args } = call.with as Acts['connector.call']['with'];
  if (!call.pack.requires.connectors?.includes(connector))
    throw new VerbFailure('undeclared', `the pack does not declare the connector "${connector}"`);
  const row = operationOf(connector, operation);
  if (!row) throw new VerbFailure('not-found', `${connector} has no operation "${operation}"`);
  if (call.dryRun && row.effect === 'write') throw new VerbFailure('refused', 'a dry run changes nothing');
  const wrong = problemIn(row.args, args, `${connector} ${operation}: args`);
  if (wrong !== null) throw new VerbFailure('refused', wrong);
  return { connector, operation, args };
}
