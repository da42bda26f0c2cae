import { expect, test } from 'vitest';
import { changeOf } from '../../../src/stacks/run/changes.ts';

const URN = 'urn:pulumi:demo::chp::chp:index:Host::host';
const step = (metadata: object) =>
  ({
    sequence: 1,
    timestamp: 1,
    resourcePreEvent: { metadata: { urn: URN, type: 'chp:index:Host', ...metadata } },
  }) as never;

test('an update names what was found on the host, then the inputs that differ, never values', () => {
  const old = { inputs: { a: '1', b: ['x'], gone: 1 }, outputs: { drift: ['file /x'] } };
  const next = { inputs: { a: '1', b: ['y'], more: 'secret' } };
  expect(changeOf(step({ op: 'update', old, new: next }))).toEqual({
    resource: 'chp:index:Host::host',
    op: 'update',
    paths: ['file /x', 'b', 'gone', 'more'],
  });
});

test.each(['same', 'refresh', 'read', 'import', 'discard'])('%s is no change', (op) => {
  expect(changeOf(step({ op }))).toBeNull();
});

test("the stack and providers are Pulumi's own, and other events are none", () => {
  expect(changeOf(step({ op: 'create', type: 'pulumi:pulumi:Stack' }))).toBeNull();
  expect(changeOf(step({ op: 'create', type: 'pulumi:providers:chp' }))).toBeNull();
  expect(changeOf({ sequence: 1, timestamp: 1, stdoutEvent: { message: 'x', color: '' } } as never)).toBeNull();
});
