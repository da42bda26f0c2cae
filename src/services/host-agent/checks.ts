import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CheckResult } from '../../core/agent-protocol.ts';
import type { GenerationManifest } from '../../core/generation.ts';
import { GatewayClient } from './gateway-client.ts';

/** A cold start is 2 s; the first one in a new folder can take 30 s. */
const START_MS = 60_000;

type Verdict = Pick<CheckResult, 'verdict' | 'detail'>;
type Seen = string | Verdict;

/**
 * The smoke test: drives the gateway as its user would, one check after the other, and says what it did not check.
 * Stops asking when the gateway does not answer at all.
 */
export async function smokeTest(
  manifest: GenerationManifest,
  token: string,
  version: string,
  onCheck: (check: CheckResult) => void,
): Promise<CheckResult[]> {
  const { gateway, turn, skills, channels } = manifest.checks;
  const results: CheckResult[] = [];
  const check = async (id: string, title: string, fix: string, look: () => Promise<Seen>): Promise<boolean> => {
    const started = performance.now();
    let seen: Verdict;
    try {
      const found = await look();
      seen = typeof found === 'string' ? { verdict: 'pass', detail: found } : found;
    } catch (error) {
      seen = { verdict: 'fail', detail: (error as Error).message };
    }
    const result: CheckResult = {
      id,
      title,
      ...seen,
      ms: Math.round(performance.now() - started),
      ...(seen.verdict === 'fail' ? { fix } : {}),
    };
    results.push(result);
    onCheck(result);
    return seen.verdict !== 'fail';
  };
  const { tenant } = manifest;

  let client: GatewayClient | undefined;
  const answers = await check('gateway.health', 'Gateway answers', `chp logs ${tenant} gateway`, async () => {
    client = await connectWhenUp(gateway.port, token);
    const health = (await client.call('health', {})) as { ok?: boolean };
    return health.ok ? `healthy on port ${gateway.port}` : failing('it says that it is not healthy');
  });
  if (!answers || !client) return results;
  await using session: GatewayClient = client;

  await check('gateway.version', 'Version that answers', `chp tenant apply ${tenant}`, async () =>
    version === gateway.version ? version : failing(`${version}, but ${gateway.version} was meant`),
  );
  await check('agent.turn', 'A real agent turn', `chp logs ${tenant} gateway; chp secret list ${tenant}`, () =>
    agentTurn(session, turn),
  );
  const known = skills.length > 0 ? await skillStates(session) : new Map<string, SkillState>();
  for (const name of skills)
    await check(`skill.${name}`, `Skill ${name}`, `chp skill list ${tenant}`, async () => {
      const skill = known.get(name);
      if (!skill) return failing('the gateway does not see it');
      return skill.eligible ? 'eligible' : failing(`not eligible: lacks ${missing(skill)}`);
    });
  const statuses = channels.length > 0 ? await channelStates(session) : {};
  for (const { id, muted } of channels)
    await check(
      `channel.${id}`,
      `Channel ${id}`,
      `chp config get ${tenant} channels.${id}; chp logs ${tenant} gateway`,
      async () => {
        if (muted)
          return { verdict: 'skipped', detail: 'muted: it was not started, so no message was sent through it' };
        const state = statuses[id];
        if (!state) return failing('the gateway does not have it');
        if (state.lastError) return failing(state.lastError);
        return state.running ? 'running; no message was sent through it' : failing('configured, but not running');
      },
    );
  return results;
}

/** Waits for a gateway that is starting. A refused token is final: waiting would not help. */
async function connectWhenUp(port: number, token: string): Promise<GatewayClient> {
  for (const deadline = Date.now() + START_MS; ; await sleep(100)) {
    try {
      return await GatewayClient.connect(port, token);
    } catch (error) {
      if (Date.now() > deadline || /refused connect/.test((error as Error).message)) throw error;
    }
  }
}

/**
 * One turn in a session of its own, deleted afterwards. The gateway says ok even when the model failed, so the verdict
 * is the stop reason of the last message in the session's history.
 */
async function agentTurn(client: GatewayClient, turn: GenerationManifest['checks']['turn']): Promise<Seen> {
  const sessionKey = `agent:main:chp:check-${randomUUID()}`;
  try {
    const run = (await client.call(
      'agent',
      {
        message: turn.prompt,
        agentId: 'main',
        sessionKey,
        idempotencyKey: randomUUID(),
        deliver: false,
        timeout: turn.timeoutS,
      },
      (turn.timeoutS + 10) * 1000,
      true,
    )) as { status?: string; result?: { payloads?: { text?: string }[]; meta?: { aborted?: boolean } } };
    if (run.result?.meta?.aborted) return failing(`the model did not answer in ${turn.timeoutS} s`, turn.required);
    const history = (await client.call('chat.history', { sessionKey, limit: 1 })) as {
      messages?: { role?: string; stopReason?: string; errorMessage?: string }[];
    };
    const last = history.messages?.at(-1);
    if (last?.stopReason === 'error')
      return failing(`the model failed: ${last.errorMessage ?? 'no reason given'}`, turn.required);
    if (last?.role !== 'assistant' || last.stopReason === undefined)
      return failing('the session holds no answer', turn.required);
    return `answered: ${JSON.stringify((run.result?.payloads?.[0]?.text ?? '').slice(0, 80))}`;
  } finally {
    await client.call('sessions.delete', { key: sessionKey }).catch(() => {});
  }
}

interface SkillState {
  name: string;
  eligible: boolean;
  missing?: Record<string, string[]>;
}

async function skillStates(client: GatewayClient): Promise<Map<string, SkillState>> {
  const status = (await client.call('skills.status', {})) as { skills?: SkillState[] };
  return new Map(status.skills?.map((skill) => [skill.name, skill]));
}

function missing(skill: SkillState): string {
  const lacks = Object.entries(skill.missing ?? {}).flatMap(([kind, names]) => names.map((name) => `${kind} ${name}`));
  return lacks.join(', ') || 'something it does not name';
}

async function channelStates(
  client: GatewayClient,
): Promise<Record<string, { running?: boolean; lastError?: string | null }>> {
  const status = (await client.call('channels.status', { probe: true }, 30_000)) as {
    channels?: Record<string, { running?: boolean; lastError?: string | null }>;
  };
  return status.channels ?? {};
}

function failing(detail: string, required = true): Verdict {
  return { verdict: required ? 'fail' : 'warn', detail };
}
