import type { Acts } from '../../../packs/verbs/acts.ts';
import { activity } from './activity.ts';
import type { TenantServices } from './services.ts';

export const agentAsk = ({ agent }: TenantServices) =>
  activity((call, options) => {
    const { prompt, skills, session } = call.with as Acts['agent.ask']['with'];
    return agent.ask({ prompt, guidance: guidance(skills), session, timeoutMs: call.timeoutMs }, options);
  });

/** Skills are the gateway's: it lists them to the model, which reads those that it is told to follow. */
function guidance(skills: readonly string[]): string {
  if (skills.length === 0) return '';
  return `Before you answer, read and follow ${skills.length === 1 ? 'this skill' : 'these skills'}: ${skills.join(', ')}.`;
}
