import { Transform } from 'node:stream';

/** A login shell's own words are few; more than this is something else. */
const MAX_NOISE = 256 * 1024;
const LINE_END = 0x0a;

/**
 * What a command says: all that comes after the line `<marker><process id>`, of which `onStart` is told. When that
 * line never comes, everything comes out, so that it can be shown.
 */
export function afterMarker(marker: string, onStart: (pid: number) => void = () => {}): Transform {
  let held: Buffer | null = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (!held) return done(null, chunk);
      held = Buffer.concat([held, chunk]);
      const at = held.indexOf(marker);
      const end = at < 0 ? -1 : held.indexOf(LINE_END, at);
      if (end < 0 && held.length < MAX_NOISE) return done();
      if (end >= 0) onStart(Number(held.toString('latin1', at + marker.length, end)));
      const rest = held.subarray(end + 1);
      held = null;
      done(null, rest);
    },
    flush(done) {
      done(null, held?.length ? held : undefined);
    },
  });
}
