import type { Acts } from '../../../packs/verbs/acts.ts';
import { activity } from './activity.ts';
import type { TenantServices } from './services.ts';

export const audit = ({ audit: trail }: TenantServices) =>
  activity(async (call) => {
    const { event, actor, details } = call.with as Acts['audit']['with'];
    return { id: trail.append({ key: call.key, run: call.run, event, actor, details }) };
  });
