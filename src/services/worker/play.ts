import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Client } from '@temporalio/client';
import { Runtime, Worker } from '@temporalio/worker';
import type { CompiledPack } from '../../packs/compiled.ts';
import type { Fixture } from '../../packs/fixture.ts';
import type { FixtureOutcome } from '../../packs/fixture-run.ts';
import { playAct } from './activities/play-act.ts';
import { payloadKeys, TenantCodec } from './codec.ts';
import { connectTemporal } from './connection.ts';
import { TaskGuard } from './guard.ts';
import { log } from './log.ts';
import { FAILURE_CONVERTER, WORKFLOW_BUNDLE } from './process.ts';
import { Secrets } from './secrets.ts';

/** What comes on standard input. */
export interface PlayRequest {
  /** Of a Temporal server that is there for this. */
  address: string;
  pack: CompiledPack;
  fixtures: Record<string, Fixture>;
}

/** One line of the log a fixture, with `event: "played"`. */
export interface Played extends FixtureOutcome {
  name: string;
  ms: number;
}

const NAMESPACE = 'default';
const TASK_QUEUE = 'chp-fixtures';
const PLAY_TIMEOUT = '2 minutes';

/** Plays a pack's fixtures on Temporal, as the worker would run them, with recorded answers; nothing leaves this machine. */
export async function playFixtures(dir: string, input: NodeJS.ReadableStream): Promise<void> {
  const { address, pack, fixtures } = JSON.parse(await text(input)) as PlayRequest;
  const guard = new TaskGuard((workflowId, runId) => {
    void client.workflow.getHandle(workflowId, runId).terminate('it computes without end');
  });
  Runtime.install({ logger: guard.quietLogger() });
  const connection = await connectTemporal(
    { address, namespace: NAMESPACE },
    new Secrets({}),
    AbortSignal.timeout(60_000),
  );
  const dataConverter = {
    payloadCodecs: [new TenantCodec('fixture', payloadKeys(randomBytes(32).toString('base64'), 'of the fixtures'))],
    failureConverterPath: join(dir, FAILURE_CONVERTER),
  };
  const client = new Client({ connection, namespace: NAMESPACE, dataConverter });
  const worker = await Worker.create({
    connection,
    namespace: NAMESPACE,
    taskQueue: TASK_QUEUE,
    workflowBundle: { codePath: join(dir, WORKFLOW_BUNDLE) },
    activities: { playAct },
    dataConverter,
  });
  await worker.runUntil(
    Promise.all(Object.entries(fixtures).map(([name, fixture]) => play(client, pack, name, fixture))),
  );
  await connection.close();
}

async function play(client: Client, pack: CompiledPack, name: string, fixture: Fixture): Promise<void> {
  const began = performance.now();
  const outcome = await client.workflow
    .execute('playFixture', {
      workflowId: `fixture/${pack.id}/${name}`,
      taskQueue: TASK_QUEUE,
      args: [pack, fixture],
      workflowExecutionTimeout: PLAY_TIMEOUT,
    })
    .catch((error: Error): FixtureOutcome => {
      const why = error.cause instanceof Error ? error.cause.message : error.message;
      const result = { status: 'blocked', outputs: {}, reason: why, steps: [] } as const;
      return { problems: [`it could not be played: ${why}`], result: { ...result, steps: [] } };
    });
  const played: Played = { name, ms: Math.round(performance.now() - began), ...outcome };
  log('info', 'played', { ...played });
}
