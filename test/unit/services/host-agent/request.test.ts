import { describe, expect, test } from 'vitest';
import type { Frame } from '../../../../src/core/frames.ts';
import type { GenerationManifest } from '../../../../src/core/generation.ts';
import { assertBlobHeader, assertManifest, assertRequest } from '../../../../src/services/host-agent/request.ts';

const frame = (value: unknown): Frame => ({ kind: 'json', value });
const DIGEST = 'a'.repeat(64);

describe('requests', () => {
  test.each([
    { op: 'facts' },
    { op: 'status', tenant: 'demo' },
    { op: 'logs', tenant: 'demo', service: 'gateway', lines: 10, follow: false },
    { op: 'apply', tenant: 'demo', generation: { manifest: {}, digest: DIGEST, signature: '' }, confirmWithinS: 30 },
  ])('$op', (request) => {
    expect(assertRequest(frame(request))).toBe(request);
  });

  test.each([
    [undefined, 'AGENT_FAILED'],
    [{ kind: 'raw', bytes: Buffer.alloc(1) } as Frame, 'AGENT_FAILED'],
    [frame(null), 'AGENT_FAILED'],
    [frame({ op: 'format-disk', tenant: 'demo' }), 'AGENT_FAILED'],
    [frame({ op: 'constructor', tenant: 'demo' }), 'AGENT_FAILED'],
    [frame({ op: 'status', tenant: '../../etc' }), 'BAD_INPUT'],
    [frame({ op: 'status' }), 'BAD_INPUT'],
    [frame({ op: 'logs', tenant: 'demo', service: '../keys/identity', lines: 1, follow: false }), 'AGENT_FAILED'],
    [frame({ op: 'logs', tenant: 'demo', service: 'gateway', lines: -1, follow: false }), 'AGENT_FAILED'],
    [frame({ op: 'apply', tenant: 'demo', generation: {}, confirmWithinS: 30 }), 'AGENT_FAILED'],
  ])('%# is refused', (bad, code) => {
    expect(() => assertRequest(bad)).toThrow(expect.objectContaining({ code }));
  });
});

describe('blobs', () => {
  const wanted = { objects: [DIGEST], trees: [] };
  test('only what was asked for', () => {
    expect(assertBlobHeader(frame({ blob: DIGEST, kind: 'object', size: 3 }), wanted)).toMatchObject({ size: 3 });
  });
  test.each([
    { blob: DIGEST, kind: 'tree', size: 3 },
    { blob: '../../x', kind: 'object', size: 3 },
    { blob: DIGEST, kind: 'object', size: -1 },
    null,
  ])('%o is refused', (header) => {
    expect(() => assertBlobHeader(frame(header), wanted)).toThrow(expect.objectContaining({ code: 'AGENT_FAILED' }));
  });
});

describe('manifests', () => {
  const manifest = {
    schema: 1,
    runtime: { node: DIGEST, app: DIGEST },
    files: [{ path: 'config/gateway.json', sha256: DIGEST }],
    services: [{ name: 'gateway', env: { HOME: '/' }, credentials: ['TOKEN'] }],
  } as unknown as GenerationManifest;

  test('a good one', () => expect(() => assertManifest(manifest)).not.toThrow());

  test.each([
    [{ schema: 2 }, /schema/],
    [{ files: [] }, /no config/],
    [{ files: [...manifest.files, { path: '../x', sha256: DIGEST }] }, /leave its folder/],
    [{ files: [...manifest.files, { path: '/etc/x', sha256: DIGEST }] }, /leave its folder/],
    [{ files: [...manifest.files, { path: 'a/../../x', sha256: DIGEST }] }, /leave its folder/],
    [{ files: [...manifest.files, { path: 'x', sha256: 'no' }] }, /no digest/],
    [{ services: [{ name: 'a/b', env: {}, credentials: [] }] }, /can't be a service/],
    [{ services: [{ name: 'a', env: { 'A\nB': '' }, credentials: [] }] }, /can't be a variable/],
    [{ services: [{ name: 'a', env: {}, credentials: ['../x'] }] }, /can't be a variable/],
    [{ runtime: { node: '../x', app: DIGEST } }, /no digest/],
  ])('%# is refused', (change, message) => {
    const bad = { ...manifest, ...change } as GenerationManifest;
    expect(() => assertManifest(bad)).toThrow(
      expect.objectContaining({ code: 'INTEGRITY', message: expect.stringMatching(message) }),
    );
  });
});
