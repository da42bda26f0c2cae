import { expect, test } from 'vitest';
import { diskFault } from '../../../src/core/disk-fault.ts';
import { ChpError } from '../../../src/core/errors.ts';

test.each([
  [Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }), /full, or out of inodes/],
  [new ChpError('AGENT_FAILED', 'cp failed (1)', { why: 'cp: error writing: No space left on device' }), /full/],
  [{ message: 'tar: bin/node: Wrote only 8192 of 10240 bytes' }, /full/],
  [{ message: 'write: Disk quota exceeded' }, /full/],
  [new Error('EROFS: read-only file system, open'), /read-only/],
  [{ message: "touch: cannot touch 'x': Read-only file system" }, /read-only/],
])('%s', (error, message) => {
  expect(diskFault(error)).toMatchObject({
    code: 'HOST_UNFIT',
    message: expect.stringMatching(message),
    why: expect.stringMatching(/space|quota|wrote only|read-only/i),
    next: [expect.stringContaining('run the same command again')],
  });
});

test('anything else is none', () => {
  expect(diskFault(new Error('ENOENT: no such file'))).toBeNull();
  expect(diskFault('x')).toBeNull();
  const unfit = new ChpError('HOST_UNFIT', 'sudo asks for a password');
  expect(diskFault(unfit)).toBe(unfit);
});
