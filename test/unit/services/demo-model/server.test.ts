import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { demoModel } from '../../../../src/services/demo-model/server.ts';

let server: Server;
let url: string;
beforeAll(async () => {
  server = demoModel();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const ask = (body: unknown) =>
  fetch(`${url}/chat/completions`, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) });
const messages = [{ role: 'user', content: 'water the garden' }];

test('lists itself', async () => {
  expect(await (await fetch(`${url}/models`)).json()).toMatchObject({ data: [{ id: 'chp-demo', object: 'model' }] });
});

test('answers, says that it is a demo, and always the same', async () => {
  const answer = await (await ask({ model: 'chp-demo', messages })).json();
  expect(answer).toMatchObject({
    object: 'chat.completion',
    choices: [
      {
        message: { role: 'assistant', content: expect.stringMatching(/demo model, not an AI.*water the garden/) },
        finish_reason: 'stop',
      },
    ],
  });
  expect(await (await ask({ model: 'chp-demo', messages })).json()).toEqual(answer);
});

test.each([
  [
    'events in the family’s zone, with a clash',
    'Europe/Berlin',
    '09:00 School\n17:30 Dentist\n18:00 Football: clashes with Dentist',
  ],
  ['a day without events', 'UTC', 'Nothing is planned today.'],
  ['a zone that there is none of', 'Mars/Base', 'You said'],
])('reads out the data of a question: %s', async (_, timezone, expected) => {
  const event = (title: string, start: string, end: string) => ({
    title,
    start: `2026-01-15T${start}Z`,
    end: `2026-01-15T${end}Z`,
  });
  const events =
    timezone === 'UTC'
      ? []
      : [event('Football', '17:00', '18:00'), event('School', '08:00', '09:00'), event('Dentist', '16:30', '17:30')];
  const content = `Write the brief.\n\n\`\`\`json\n${JSON.stringify({ timezone, events }, null, 1)}\n\`\`\``;
  const answer = await (await ask({ model: 'chp-demo', messages: [{ role: 'user', content }] })).json();
  expect(answer.choices[0].message.content).toContain(expected);
});

test('streams the same answer', async () => {
  const text = await (await ask({ model: 'chp-demo', stream: true, messages })).text();
  const events = text.trim().split('\n\n');
  expect(events.at(-1)).toBe('data: [DONE]');
  const chunks = events.slice(0, -1).map(
    (event) =>
      JSON.parse(event.replace(/^data: /, '')) as {
        choices: { delta: { content?: string }; finish_reason: string | null }[];
      },
  );
  expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toMatch(/water the garden/);
  expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop');
});

test.each([
  ['not JSON', '{', 400],
  ['another model', { model: 'gpt-9', messages }, 404],
  ['no messages', { model: 'chp-demo', messages: [] }, 400],
  ['a body that is no object', 'null', 404],
  [
    'a body that is too large',
    { model: 'chp-demo', messages: [{ role: 'user', content: 'x'.repeat(9_000_000) }] },
    413,
  ],
])('refuses %s', async (_, body, status) => {
  const response = await ask(body);
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({
    error: { type: 'invalid_request_error', message: expect.any(String) },
  });
});

test('refuses other paths and methods', async () => {
  expect((await fetch(`${url}/embeddings`, { method: 'POST' })).status).toBe(404);
  expect((await fetch(`${url}/chat/completions`)).status).toBe(405);
});
