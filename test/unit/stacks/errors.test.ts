import { expect, test } from 'vitest';
import { ChpError } from '../../../src/core/errors.ts';
import { decodeError, encodeError, HalfDone } from '../../../src/stacks/provider/errors.ts';

const fault = new ChpError('HOST_UNFIT', 'hub: the disk is full', {
  why: 'No space left – "df" says 0 %.',
  next: ['Free some space.', 'chp tenant apply smith'],
  details: { freeMb: 0 },
});

test("a provider's error comes out of the engine's output as it went in", () => {
  const printed = `Updating (demo):\n  error: rpc error: code = Unknown desc = ${encodeError(fault).message}: wrapped\n  update failed\n`;
  expect(decodeError(printed)).toMatchObject({
    code: 'HOST_UNFIT',
    message: fault.message,
    why: fault.why,
    next: fault.next,
    details: fault.details,
  });
});

test('of a host that is half done, too', () => {
  const half = new HalfDone('demo@local', { tenant: 'demo' }, fault);
  expect(decodeError(half.reasons.join())).toMatchObject({ code: 'HOST_UNFIT' });
});

test('what is not ours becomes INTERNAL, without its stack', () => {
  expect(decodeError(encodeError(new TypeError('x is not a function')).message)).toMatchObject({
    code: 'INTERNAL',
    message: 'x is not a function',
  });
});

test.each([
  ['nothing of ours', 'error: no resource plugin found'],
  ['cut in the middle', encodeError(fault).message.slice(0, -20)],
  ['not base64 of JSON', 'chp-error:AAAA;'],
])('%s gives null', (_, text) => expect(decodeError(text)).toBeNull());
