import { mkdtempSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ChpError } from '../../../../src/core/errors.ts';
import { checkedRequest } from '../../../../src/services/worker/requests.ts';
import { serveSocket } from '../../../../src/services/worker/socket.ts';

const path = join(mkdtempSync(join(tmpdir(), 'chp-socket-')), 'worker.sock');
let server: Awaited<ReturnType<typeof serveSocket>>;
beforeAll(async () => {
  server = await serveSocket(path, async (method, params) => {
    if (method === 'refuse') throw new ChpError('CONFLICT', 'no', { why: 'because', next: ['do'] });
    if (method === 'break') throw new Error('oops');
    return { method, params };
  });
});
afterAll(() => server.close());

/** Answers to lines, in the order in which they come. */
function exchange(text: string, answers: number): Promise<any[]> {
  return new Promise((resolve) => {
    const socket = connect(path, () => socket.write(text));
    const got: unknown[] = [];
    createInterface({ input: socket })
      .on('line', (line) => {
        got.push(JSON.parse(line));
        if (got.length === answers) socket.end(() => resolve(got as any[]));
      })
      .on('error', () => {});
    socket.on('error', () => {}).on('close', () => resolve(got as any[]));
  });
}

test('only its owner may open it', () => {
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('each line is one request; errors say what, why and what next', async () => {
  const lines = [
    '{"id":1,"method":"x","params":{"a":1}}',
    '{"id":2,"method":"refuse"}',
    'no json',
    '{"id":4}',
    '{"id":5,"method":"break"}',
  ];
  const answers = await exchange(`${lines.join('\n')}\n`, lines.length);
  expect(answers.find(({ id }) => id === 1)).toEqual({ id: 1, ok: true, result: { method: 'x', params: { a: 1 } } });
  expect(answers.find(({ id }) => id === 2)).toMatchObject({
    ok: false,
    error: { code: 'CONFLICT', message: 'no', why: 'because', next: ['do'] },
  });
  expect(answers.filter(({ error }) => error?.code === 'BAD_INPUT')).toHaveLength(2);
  expect(answers.find(({ id }) => id === 5)).toMatchObject({ error: { code: 'INTERNAL', message: 'oops' } });
});

test('who sends without end is cut off, and others are served', async () => {
  expect(await exchange('x'.repeat(3 * 1024 * 1024), 1)).toEqual([]);
  expect(await exchange('{"id":1,"method":"x"}\n', 1)).toHaveLength(1);
});

test.each<[string, unknown, RegExp | null]>([
  ['health', {}, null],
  ['run', { pack: 'brief', by: 'ana' }, null],
  ['run', { pack: 'brief' }, /by/],
  ['run', { pack: '../x', by: 'ana' }, /pack/],
  ['run', { pack: 'brief', by: 'ana', more: 1 }, /more is not known/],
  ['decide', { envelope: 'e', by: 'ana', verdict: 'maybe' }, /verdict/],
  ['runs', { limit: 0 }, /limit/],
  ['toString', {}, /knows no method/],
  ['health', null, /health/],
])('requests are checked: %s %j', (method, params, refused) => {
  const check = () => checkedRequest(method, params);
  if (refused) expect(check).toThrow(refused);
  else expect(check()).toEqual([method, params]);
});
