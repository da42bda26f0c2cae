import { setTimeout as sleep } from 'node:timers/promises';
import type { CheckResult, ServiceStatus } from '../../core/agent-protocol.ts';
import { ChpError } from '../../core/errors.ts';
import { GatewayClient } from '../../core/gateway-client.ts';
import type { GenerationManifest } from '../../core/generation.ts';
import { channelCheck, type Seen, skillCheck, skillStates, turnCheck, type Verdict } from './gateway-checks.ts';
import { runningVersion } from './runtime.ts';
import { partChecks, workerCheck } from './worker-check.ts';

/** A cold start is 2 s; the first one in a new folder can take 30 s. */
const START_MS = 120_000;
/** A gateway that was restarted this often since we began to wait will not come up. */
const HOPELESS_RESTARTS = 3;

export interface SmokeTest {
  root: string;
  manifest: GenerationManifest;
  /** The gateway's token; `pid` is its process. */
  token(pid: number | null): Promise<string>;
  /** What the service manager says of the gateway's process. */
  gatewayProcess(): Promise<ServiceStatus | undefined>;
  /**
   * `health`: that the right gateway answers, and that the worker runs the packs. `full`: everything a user would do.
   * `content`: as full, but no turn: for a push after which the same processes run on with the same config.
   */
  depth: 'health' | 'content' | 'full';
  onCheck(check: CheckResult): void;
}

/**
 * The smoke test: drives the gateway as its user would, one check after the other, and says what it did not check.
 * Stops asking when the gateway does not answer at all.
 */
export async function smokeTest(test: SmokeTest): Promise<CheckResult[]> {
  const { manifest, depth } = test;
  const { tenant, checks } = manifest;
  const { port, version } = checks.gateway;
  const results: CheckResult[] = [];
  const check = async (id: string, title: string, fix: string, look: () => Promise<Seen>): Promise<boolean> => {
    const result = await perform(id, title, fix, look);
    results.push(result);
    test.onCheck(result);
    return result.verdict !== 'fail';
  };

  let client: GatewayClient | undefined;
  let pid: number | null = null;
  const answers = await check('gateway.health', 'Gateway answers', `chp logs ${tenant} gateway`, async () => {
    [client, pid] = await connectWhenUp(port, test);
    const health = (await client.call('health', {})) as { ok?: boolean };
    return health.ok ? `healthy on port ${port}` : { verdict: 'fail', detail: 'it says that it is not healthy' };
  });
  if (!client) return results;
  await using session: GatewayClient = client;
  if (!answers) return results;
  // It takes in its packs while the gateway is asked.
  const worker = checks.worker ? workerCheck(test.root, manifest) : null;
  worker?.catch(() => {});

  await check('gateway.version', 'Version that answers', `chp tenant apply ${tenant}`, async () => {
    const found = runningVersion(test.root, manifest.runtime.name, pid, port);
    if (found === null) return { verdict: 'fail', detail: `another process than ours answers on port ${port}` };
    return found === version ? version : { verdict: 'fail', detail: `${found}, but ${version} was meant` };
  });
  const workerFix = `chp logs ${tenant} worker; chp logs ${tenant} temporal`;
  const packsRun = async (): Promise<boolean> =>
    worker !== null && (await check('worker.packs', 'Worker runs the packs', workerFix, () => worker));
  if (depth === 'health') {
    await packsRun();
    return results;
  }

  const modelFix = `chp logs ${tenant} gateway; chp secret list ${tenant}`;
  await check('agent.turn', 'A real agent turn', modelFix, () =>
    depth === 'full'
      ? turnCheck(session, checks.turn)
      : Promise.resolve({
          verdict: 'skipped',
          detail: 'no process and no config changed; `chp tenant apply` drives one',
        }),
  );
  const skills = checks.skills.length > 0 ? skillStates(session) : null;
  skills?.catch(() => {});
  for (const name of checks.skills)
    await check(`skill.${name}`, `Skill ${name}`, `chp skill list ${tenant}`, async () =>
      skillCheck((await skills) ?? [], name),
    );
  const channelFix = (id: string) => `chp config get ${tenant} channels.${id}; chp logs ${tenant} gateway`;
  for (const channel of checks.channels)
    await check(`channel.${channel.id}`, `Channel ${channel.id}`, channelFix(channel.id), () =>
      channelCheck(session, channel),
    );
  if ((await packsRun()) && depth === 'full')
    for (const { id, title, seen } of await partChecks(test.root, tenant))
      await check(id, title, workerFix, async () => seen);
  return results;
}

async function perform(id: string, title: string, fix: string, look: () => Promise<Seen>): Promise<CheckResult> {
  const started = performance.now();
  let seen: Verdict;
  try {
    const found = await look();
    seen = typeof found === 'string' ? { verdict: 'pass', detail: found } : found;
  } catch (error) {
    const why = error instanceof ChpError && error.why ? `: ${error.why}` : '';
    seen = { verdict: 'fail', detail: `${(error as Error).message}${why}` };
  }
  const ms = Math.round(performance.now() - started);
  return { id, title, ...seen, ms, ...(seen.verdict === 'fail' ? { fix } : {}) };
}

/** It answered, and not only to say that it is not ready yet. */
const isFinal = (error: unknown): boolean =>
  error instanceof ChpError && error.details.refused === 'connect' && !/starting/i.test(error.message);

/**
 * Waits for a gateway that is starting. A refused token, or a process that keeps dying, is final.
 * @returns the session, and the process that the service manager then had for it
 */
async function connectWhenUp(
  port: number,
  { token, gatewayProcess }: SmokeTest,
): Promise<[client: GatewayClient, pid: number | null]> {
  let before: number | undefined;
  for (const deadline = Date.now() + START_MS; ; await sleep(100)) {
    const { pid = null, restarts = 0 } = (await gatewayProcess()) ?? {};
    const secret = await token(pid);
    try {
      return [await GatewayClient.connect(port, secret), pid];
    } catch (error) {
      if (Date.now() > deadline || isFinal(error)) throw error;
    }
    before ??= restarts;
    if (restarts - before >= HOPELESS_RESTARTS)
      throw new ChpError('UNHEALTHY', `the gateway ended ${restarts - before} times while it was started`);
  }
}
