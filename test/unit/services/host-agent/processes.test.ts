import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { SERVICE_MARK, serviceMark } from '../../../../src/services/host-agent/manager/resolve.ts';
import { endProcessesOf, listensOn, processesOf } from '../../../../src/services/host-agent/processes.ts';

const ROOT = `/nowhere/${process.pid}`;
const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

/** Listens on a free port and says which; `deaf` to SIGTERM. It calls itself something else, as the gateway does. */
async function service(tenant: string, deaf = false): Promise<{ pid: number; port: number; child: ChildProcess }> {
  const script = `process.title = 'renamed'; ${deaf ? "process.on('SIGTERM', () => {});" : ''}
    const server = require('node:net').createServer().listen(0, '127.0.0.1', () => console.log(server.address().port));`;
  const env = { [SERVICE_MARK]: serviceMark(ROOT, tenant, 'gateway') };
  const child = spawn(process.execPath, ['-e', script], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  return { pid: child.pid ?? 0, port: Number(port), child };
}

test('processes are known by their tenant, whatever they call themselves', async () => {
  const ours = await service('demo');
  const other = await service('demo-two');
  expect(processesOf(ROOT, 'demo')).toEqual([ours.pid]);
  expect(processesOf(ROOT, 'demo-two')).toEqual([other.pid]);
});

test('who listens on a port', async () => {
  const [a, b] = [await service('a'), await service('b')];
  expect(listensOn(a.pid, a.port)).toBe(true);
  expect(listensOn(b.pid, a.port)).toBe(false);
  expect(listensOn(a.pid, a.port + 1)).toBe(false);
  expect(listensOn(2 ** 22 + 1, a.port)).toBe(false);
});

test('leftovers are ended, also those that do not listen, and nobody else', async () => {
  const [ours, deaf, other] = [await service('demo'), await service('demo', true), await service('demo-two')];
  await endProcessesOf(ROOT, 'demo', 300);
  expect(processesOf(ROOT, 'demo')).toEqual([]);
  await Promise.all([ours, deaf].map(({ child }) => child.signalCode ?? once(child, 'exit')));
  expect([ours, deaf].map(({ child }) => child.signalCode)).toEqual(['SIGTERM', 'SIGKILL']);
  expect(other.child.exitCode ?? other.child.signalCode).toBeNull();
});
