import type { ActivationStep } from '../../core/agent-protocol.ts';

/**
 * Dies here when CHP_FAILPOINT says so (`kill:<step>:before|after`), as a power cut would: the fault matrix of the
 * tests walks through every step of the journal with it.
 */
export function failpoint(step: ActivationStep, when: 'before' | 'after'): void {
  if (process.env.CHP_FAILPOINT === `kill:${step}:${when}`) process.kill(process.pid, 'SIGKILL');
}
