import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { useProxies } from '../../../../src/services/worker/proxies.ts';
import { startWebhook } from '../../../fakes/webhook.ts';

let far: Awaited<ReturnType<typeof startWebhook>>;
let through: string[];
let undo: () => void;
const proxy = createServer((request, response) => {
  through.push(request.url ?? '');
  response.end('by the proxy');
}).on('connect', (request, socket) => {
  through.push(request.url ?? '');
  const upstream = connect(Number(new URL(far.url).port), '127.0.0.1', () => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    upstream.pipe(socket).pipe(upstream);
  });
});

beforeEach(async () => {
  through = [];
  far = await startWebhook();
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  undo();
  proxy.closeAllConnections();
  await new Promise((resolve) => proxy.close(resolve));
  await far.close();
});

test('requests go by the proxy of the environment, but for what is excepted and what is on this machine', async () => {
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  undo = useProxies({ HTTP_PROXY: url, NO_PROXY: 'near.example' });
  await (await fetch('http://far.example/hook')).text();
  expect(through.join()).toContain('far.example');
  through.length = 0;
  expect((await fetch(far.url, { method: 'HEAD' })).status).toBeGreaterThan(0);
  await expect(fetch('http://near.example/hook')).rejects.toThrow();
  expect(through).toEqual([]);
});

test('without one nothing changes', async () => {
  undo = useProxies({});
  expect((await fetch(far.url, { method: 'HEAD' })).status).toBeGreaterThan(0);
  expect(through).toEqual([]);
});
