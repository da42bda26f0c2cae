import { randomUUID } from 'node:crypto';
import type { CheckResult } from '../../core/agent-protocol.ts';
import type { GatewayClient } from '../../core/gateway-client.ts';
import { agentTurn } from '../../core/gateway-turn.ts';
import type { GenerationChecks } from '../../core/generation.ts';

export type Verdict = Pick<CheckResult, 'verdict' | 'detail'>;
/** A text alone is a pass. */
export type Seen = string | Verdict;

/** One turn in a session of its own, deleted afterwards. */
export async function turnCheck(client: GatewayClient, turn: GenerationChecks['turn']): Promise<Seen> {
  const failing = (detail: string): Verdict => ({ verdict: turn.required ? 'fail' : 'warn', detail });
  const session = `agent:main:chp:check-${randomUUID()}`;
  try {
    const { prompt: message, timeoutS } = turn;
    const outcome = await agentTurn(client, { agent: 'main', session, message, timeoutS, key: randomUUID() });
    return outcome.ok ? `answered: ${JSON.stringify(outcome.text.slice(0, 80))}` : failing(outcome.reason);
  } finally {
    await client.call('sessions.delete', { key: session }).catch(() => {});
  }
}

export interface SkillState {
  name: string;
  eligible: boolean;
  missing?: Record<string, string[]>;
}

/** All skills that the gateway sees. */
export async function skillStates(client: GatewayClient): Promise<SkillState[]> {
  return ((await client.call('skills.status', {})) as { skills?: SkillState[] }).skills ?? [];
}

/** Is the skill there, and does it have all it needs? Pure. */
export function skillCheck(skills: readonly SkillState[], name: string): Seen {
  const skill = skills.find((candidate) => candidate.name === name);
  if (!skill) return { verdict: 'fail', detail: 'the gateway does not see it' };
  if (skill.eligible) return 'eligible';
  const lacks = Object.entries(skill.missing ?? {}).flatMap(([kind, names]) => names.map((item) => `${kind} ${item}`));
  return { verdict: 'fail', detail: `not eligible: lacks ${lacks.join(', ') || 'something it does not name'}` };
}

interface ChannelState {
  running?: boolean;
  lastError?: string | null;
  probe?: { ok?: boolean; error?: string | null };
}

/** Does the channel run, and does its service accept us? A muted one is only reported. */
export async function channelCheck(
  client: GatewayClient,
  channel: GenerationChecks['channels'][number],
): Promise<Seen> {
  if (channel.muted)
    return { verdict: 'skipped', detail: 'muted: it was not started, so no message was sent through it' };
  const status = (await client.call('channels.status', { probe: true, timeoutMs: 8_000 }, 30_000)) as {
    channels?: Record<string, ChannelState>;
  };
  const state = status.channels?.[channel.id];
  if (!state) return { verdict: 'fail', detail: 'the gateway does not have it' };
  if (state.probe?.ok === false)
    return { verdict: 'fail', detail: `its service refused us: ${state.probe.error ?? 'no reason given'}` };
  if (state.lastError) return { verdict: 'fail', detail: state.lastError };
  return state.running
    ? 'running; no message was sent through it'
    : { verdict: 'fail', detail: 'configured, but not running' };
}
