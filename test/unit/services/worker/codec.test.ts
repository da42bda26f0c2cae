import { randomBytes } from 'node:crypto';
import { defaultPayloadConverter } from '@temporalio/common';
import { expect, test } from 'vitest';
import { payloadKeys, TenantCodec } from '../../../../src/services/worker/codec.ts';

const key = () => randomBytes(32).toString('base64');
const codec = (tenant: string, keys: string) => new TenantCodec(tenant, payloadKeys(keys, 'CHP_PAYLOAD_KEY'));
const payload = (value: unknown) => defaultPayloadConverter.toPayload(value);
const CANARY = 'canary-of-the-family';

test.each([
  ['small', { words: CANARY }],
  ['large', { words: CANARY.repeat(10_000) }],
  ['nothing', null],
])('what is encoded is not to be read, and comes back as it was: %s', async (_, value) => {
  const own = codec('smith', key());
  const encoded = await own.encode([payload(value)]);
  expect(Buffer.from(encoded[0]?.data ?? []).includes(CANARY)).toBe(false);
  const [decoded] = await own.decode(encoded);
  expect(defaultPayloadConverter.fromPayload(decoded as never)).toEqual(value);
});

test('large values are kept small', async () => {
  const [encoded] = await codec('smith', key()).encode([payload('word '.repeat(20_000))]);
  expect(encoded?.data?.byteLength).toBeLessThan(2_000);
});

test('another tenant, another key, a changed bit and plain text are refused', async () => {
  const secret = key();
  const [encoded] = await codec('smith', secret).encode([payload('x')]);
  const bent = { ...encoded, data: Uint8Array.from(encoded?.data ?? []) };
  bent.data[20] = (bent.data[20] as number) ^ 1;
  await expect(codec('jones', secret).decode([encoded as never])).rejects.toThrow('not encrypted by this tenant');
  await expect(codec('smith', key()).decode([encoded as never])).rejects.toThrow('not encrypted by this tenant');
  await expect(codec('smith', secret).decode([bent])).rejects.toThrow('not encrypted by this tenant');
  await expect(codec('smith', secret).decode([payload('x')])).rejects.toThrow('is not encrypted');
});

test('a key that was replaced still opens what it closed', async () => {
  const [old, next] = [key(), key()];
  const encoded = await codec('smith', old).encode([payload('x')]);
  expect(await codec('smith', `${next},${old}`).decode(encoded)).toHaveLength(1);
  await expect(
    codec('smith', old).decode(await codec('smith', `${next},${old}`).encode([payload('x')])),
  ).rejects.toThrow();
});

test('a key of the wrong size is named', () => {
  expect(() => payloadKeys('c2hvcnQ=', 'CHP_PAYLOAD_KEY')).toThrow('CHP_PAYLOAD_KEY is not a payload key');
});
