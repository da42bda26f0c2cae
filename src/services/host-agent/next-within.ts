import { ChpError } from '../../core/errors.ts';

/** The next item of what the operator's side sends. @throws DEADLINE when it has not come by then */
export async function nextWithin<T>(items: AsyncIterator<T>, ms: number): Promise<IteratorResult<T>> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new ChpError('DEADLINE', `nothing came from the operator’s side for ${ms / 1000} s`)),
    ms,
  );
  const next = items.next();
  // Whoever gave up does not hear what becomes of it.
  next.catch(() => {});
  try {
    return await Promise.race([next, late]);
  } finally {
    clearTimeout(timer);
  }
}
