import { expect, test } from 'vitest';
import { isSecretByName, looksSecret, maskSecrets } from '../../../../src/core/documents/looks-secret.ts';

test.each([
  'sk-ant-x',
  'xoxb-1-2',
  'ghp_x',
  '123456789:AAEbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb',
  'https://ops:hunter2@example.org/x',
  'q8rT2vW5yZ8bD1eG4hJ7kM0nP3sV6xA9',
  'q8rT2vW5yZ8bD1eG4hJ7kM0n/P3sV6xA9+aa==',
])('%s looks like a secret', (text) => expect(looksSecret(text)).toBe(true));

test.each([
  '',
  'claude-opus-4-5',
  'meta-llama-3-1-405b-instruct-turbo',
  'accounts/fireworks/models/llama-v3p1-405b-instruct',
  '550e8400-e29b-41d4-a716-446655440000',
  'https://example.org:8443/a/long/path/with/parts/and/numbers/123',
  'You are a helpful assistant who answers in at most 3 sentences.',
  '/var/lib/chp/tenants/smith/current/skills',
])('%s does not', (text) => expect(looksSecret(text)).toBe(false));

test('a value is secret by the name of its key, unless it is a reference or a placeholder', () => {
  for (const key of ['token', 'botToken', 'apiKey', 'api_key', 'client-secret', 'PASSWORD'])
    expect(isSecretByName(key, 'a plain one'), key).toBe(true);
  for (const key of ['tokens', 'tokenFile', 'keyboard', 'secretary'])
    expect(isSecretByName(key, 'a plain one'), key).toBe(false);
  expect(isSecretByName('apiKey', '${ACME_KEY}')).toBe(false);
  expect(isSecretByName('apiKey', 'ollama')).toBe(false);
});

test('a mask hides the values and nothing else, and keeps the columns', () => {
  expect(maskSecrets('model: {secret: ANTHROPIC_API_KEY}')).toBe('model: {secret: ANTHROPIC_API_KEY}');
  expect(maskSecrets('token: "two words here", x: 1')).toBe('token: ****************, x: 1');
  expect(maskSecrets('a: {apiKey: plain-word-x, b: 2}')).toBe('a: {apiKey: ************, b: 2}');
  expect(maskSecrets('x must be a map, not "sk-abcdefghi"')).toBe('x must be a map, not "************"');
  expect(maskSecrets('see https://ops:hunter2@example.org/x.')).toMatch(/^see \*+$/);
});
