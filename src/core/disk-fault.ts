import { ChpError } from './errors.ts';

const FULL = /ENOSPC|EDQUOT|No space left on device|Disk quota exceeded|Wrote only \d+ of \d+ bytes/;
const READ_ONLY = /EROFS|Read-only file system/;

/** HOST_UNFIT when it was the host's disk that failed, told by the words of system calls and tools; else null. */
export function diskFault(error: unknown): ChpError | null {
  if (error instanceof ChpError && error.code === 'HOST_UNFIT') return error;
  const { message = String(error), why = '' } = error as { message?: string; why?: string };
  const text = `${message}\n${why}`;
  const full = FULL.test(text);
  if (!full && !READ_ONLY.test(text)) return null;
  return new ChpError('HOST_UNFIT', full ? 'the disk is full, or out of inodes' : 'the file system is read-only', {
    why: why || message,
    next: [
      full
        ? 'Free some space (df -h; df -i), then run the same command again.'
        : 'Check the disk (dmesg), mount it read-write, then run the same command again.',
    ],
    cause: error,
  });
}
