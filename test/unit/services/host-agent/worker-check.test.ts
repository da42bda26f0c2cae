import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { tenantLayout, workerSocket } from '../../../../src/core/host-layout.ts';
import { partChecks } from '../../../../src/services/host-agent/worker-check.ts';

let root: string;
let worker: Server | undefined;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'chp-'));
});
afterEach(() => {
  worker?.close();
  worker = undefined;
  rmSync(root, { recursive: true });
});

/** A worker that has one answer. */
async function answering(answer: object): Promise<void> {
  const path = workerSocket(tenantLayout(root, 'smith'));
  mkdirSync(dirname(path), { recursive: true });
  worker = createServer((socket) => void socket.once('data', () => socket.end(`${JSON.stringify(answer)}\n`)));
  await new Promise<void>((resolve) => worker?.listen(path, resolve));
}

test('what others run and is away is a warning, no failure', async () => {
  const connectors = [{ name: 'twilio', ok: true, detail: 'account “Smith”' }];
  const channels = [{ name: 'telegram', ok: false, detail: 'Telegram answered 401' }];
  await answering({ id: 1, ok: true, result: { connectors, channels } });
  expect(await partChecks(root, 'smith')).toEqual([
    { id: 'connector.twilio', title: 'Connector twilio', seen: { verdict: 'pass', detail: 'account “Smith”' } },
    {
      id: 'notify.telegram',
      title: 'Messages by telegram',
      seen: { verdict: 'warn', detail: 'Telegram answered 401' },
    },
  ]);
});

test('a worker of an earlier generation can’t be asked, which is said, and keeps nobody from going back to it', async () => {
  await answering({ id: 1, ok: false, error: { code: 'BAD_INPUT', message: 'the worker knows no method "check"' } });
  expect(await partChecks(root, 'smith')).toMatchObject([{ id: 'worker.parts', seen: { verdict: 'skipped' } }]);
});
