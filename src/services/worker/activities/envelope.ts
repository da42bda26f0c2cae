import type { Acts } from '../../../packs/verbs/acts.ts';
import { activity } from './activity.ts';
import { recipientOf } from './notify.ts';
import type { TenantServices } from './services.ts';

export const envelopeOpen = ({ notify, recipients, effects, sealer, tenant }: TenantServices) =>
  activity(async (call, options) => {
    const { envelope, ask, urgency } = call.with as Acts['envelope.open']['with'];
    const asked = ask.map((id) => recipientOf(recipients, id));
    await effects.once({ key: call.key, tenant, verb: 'envelope.open', idempotent: true }, sealer, () =>
      notify.open(envelope, asked, { ...options, urgency }),
    );
    return {};
  });

/** Said in the audit trail first: what was decided stays known, whatever happens next. */
export const envelopeSettle = ({ notify, audit }: TenantServices) =>
  activity(async (call) => {
    const { envelope, state, decisions } = call.with as Acts['envelope.settle']['with'];
    audit.append({
      key: call.key,
      run: call.run,
      event: `envelope.${state}`,
      actor: decisions.at(-1)?.by ?? 'nobody',
      details: { envelope, decisions },
    });
    await notify.settle(envelope, state);
    return {};
  });
