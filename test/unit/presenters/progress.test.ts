import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { Redactor } from '../../../src/core/redact.ts';
import { howFar, plainProgress, redactedProgress, silentProgress } from '../../../src/presenters/progress.ts';

const TIME = /\d+(\.\d)? s/g;

function recorded(): { out: PassThrough; lines(): string[] } {
  const out = new PassThrough();
  return {
    out,
    lines: () =>
      String(out.read() ?? '')
        .trimEnd()
        .replace(TIME, 'T')
        .split('\n'),
  };
}

test('plain lines: begin and end of each step, what is inside is indented, no control characters', async () => {
  const { out, lines } = recorded();
  const result = await plainProgress(out).step('Push', async (step) => {
    step.note('91 files');
    await step.step('Unpack', async (inner) => inner.says('nothing to do'));
    step.warn('slow host');
    step.says('2 files');
    return 7;
  });
  expect(result).toBe(7);
  expect(lines()).toEqual([
    'Push …',
    '  91 files',
    '  Unpack …',
    '  Unpack: done in T (nothing to do)',
    '  warning: slow host',
    'Push: done in T (2 files)',
  ]);
});

test('a step that fails says so, and throws what it threw', async () => {
  const { out, lines } = recorded();
  const fault = new Error('no');
  await expect(plainProgress(out).step('Push', () => Promise.reject(fault))).rejects.toBe(fault);
  expect(lines()).toEqual(['Push …', 'Push: failed after T']);
});

test('silent progress runs the work and hands its result on', async () => {
  expect(await silentProgress().step('x', async (step) => step.step('y', async () => 3))).toBe(3);
});

test('no secret is said, at any depth', async () => {
  const { out, lines } = recorded();
  const redactor = new Redactor();
  redactor.add('canary-7f3a9');
  const progress = redactedProgress(plainProgress(out), redactor);
  progress.note('canary-7f3a9');
  progress.warn('canary-7f3a9');
  await progress.step('Give canary-7f3a9', async (step) => {
    step.says('canary-7f3a9');
    step.update(1, 2, 'files');
    await step.step('inner canary-7f3a9', async (inner) => inner.note('canary-7f3a9'));
  });
  const said = lines();
  expect(said.join('\n')).not.toContain('canary');
  expect(said).toHaveLength(7);
});

test.each([
  [0, 0, 'files', '0 files'],
  [3, 91, 'files', '3 of 91 files'],
  [1_500_000, 45_000_000, 'bytes', '1.5 of 45.0 MB'],
  [1_500_000, 0, 'bytes', '1.5 MB'],
])('how far: %d of %d %s is "%s"', (done, total, unit, shown) => {
  expect(howFar(done, total, unit)).toBe(shown);
});
