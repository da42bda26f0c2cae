import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { payloadKeys, TenantCodec } from '../../../src/services/worker/codec.ts';
import { FAILURE_CONVERTER, WORKFLOW_BUNDLE } from '../../../src/services/worker/process.ts';
import { unpacked } from '../../support/gateway.ts';
import {
  HISTORIES,
  HISTORY_KEY,
  HISTORY_TENANT,
  historyOf,
  type SavedHistory,
  savedHistories,
} from '../../support/histories.ts';
import { SHAPES } from '../../support/history-shapes.ts';
import { testWorkerTree } from '../../support/worker.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });

/** What this version's workflows make of runs that began under an earlier one. @returns what went wrong, by name */
async function replayed(histories: readonly SavedHistory[]): Promise<Record<string, string>> {
  const tree = await unpacked(await testWorkerTree());
  const codec = new TenantCodec(HISTORY_TENANT, payloadKeys(HISTORY_KEY, 'of the histories'));
  const results = Worker.runReplayHistories(
    {
      workflowBundle: { codePath: join(tree, WORKFLOW_BUNDLE) },
      dataConverter: { payloadCodecs: [codec], failureConverterPath: join(tree, FAILURE_CONVERTER) },
    },
    histories,
  );
  const wrong: Record<string, string> = {};
  for await (const { workflowId, error } of results) {
    const { name = workflowId } = histories.find((one) => one.workflowId === workflowId) ?? {};
    if (error) wrong[name] = error.message;
  }
  return wrong;
}

test('runs that earlier versions began go on as they were', async () => {
  const saved = savedHistories();
  expect(saved.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(SHAPES)));
  expect(await replayed(saved)).toEqual({});
});

test('a run that did something else than is recorded is noticed', async () => {
  const name = 'morning-brief';
  const text = readFileSync(join(HISTORIES, `${name}.json`), 'utf8');
  const other = historyOf(name, text.replaceAll('"name": "agent.ask"', '"name": "notify"'));
  expect(await replayed([other])).toEqual({ [name]: expect.stringMatching(/[Nn]ondeterminism/) });
});
