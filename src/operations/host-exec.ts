import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { sudoRefusal } from '../adapters/sudo.ts';
import { readText } from '../adapters/transport-exec.ts';
import { ChpError } from '../core/errors.ts';
import { needsRoot, tenantLayout, tenantUser } from '../core/host-layout.ts';
import type { ExecResult, ProcessChannel } from '../core/ports/transport.ts';
import type { Context } from './context.ts';
import { loadTenant } from './edit-tenant.ts';
import { openForLook } from './known-host.ts';

export interface ExecOnHostOptions {
  root: boolean;
  /** null = nothing is read. */
  stdin: Readable | null;
  /** Output goes there as it comes, byte for byte; null = it is gathered as text. */
  output: { stdout: Writable; stderr: Writable } | null;
}

const LAST_WORDS = 2_000;

/**
 * Runs a command on a tenant's host as the tenant's own user (or root), in its home folder. What the context's signal
 * ends here is ended there, too.
 * @returns its exit code, 128 + signal for one that was killed; what was not gathered is empty
 * @throws HOST_* errors; INTERRUPTED
 */
export async function execOnHost(
  context: Context,
  name: string,
  argv: readonly string[],
  options: ExecOnHostOptions,
): Promise<ExecResult> {
  const { tenant } = await loadTenant(context, name);
  await using host = await openForLook(context, tenant);
  const { home } = tenantLayout(host.root, name);
  await (await context.registry()).appendAudit({
    actor: context.actor,
    action: 'host.exec',
    tenant: name,
    details: { command: argv[0] ?? '', arguments: argv.length - 1, root: options.root },
  });
  const system = needsRoot(host.manager);
  const user = tenantUser(name);
  const asUser =
    system && !options.root ? ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--init-groups', '--no-new-privs'] : [];
  const there = ['env', '-C', home, `HOME=${home}`];
  const channel = await host.transport.open([...asUser, ...there, ...argv], { root: system });
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const interrupted = new ChpError('INTERRUPTED', `${argv[0] ?? ''} was stopped`);
  const stop = (): void => void channel.kill().then(() => reject(interrupted));
  context.signal.addEventListener('abort', stop, { once: true });
  if (context.signal.aborted) stop();
  try {
    const { code, complaint, ...said } = await Promise.race([run(channel, options), stopped]);
    if (context.signal.aborted) throw interrupted;
    if (code === null)
      throw new ChpError('HOST_UNREACHABLE', `${host.transport.target}: the connection was cut while ${argv[0]} ran`, {
        why: channel.lost?.() ?? 'The connection was cut.',
        next: [`Look whether it still runs: chp exec ${name} -- ps -ef`],
      });
    const refusal = system && code !== 0 ? sudoRefusal(host.transport.target, complaint) : null;
    if (refusal) throw refusal;
    return { code, ...said };
  } finally {
    context.signal.removeEventListener('abort', stop);
  }
}

async function run(
  channel: ProcessChannel,
  { stdin, output }: ExecOnHostOptions,
): Promise<Omit<ExecResult, 'code'> & { code: number | null; complaint: string }> {
  let complaint = '';
  channel.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-LAST_WORDS);
  });
  // A command that ends before it has read everything is judged by its exit code.
  channel.stdin.on('error', () => {});
  if (stdin) pipeline(stdin, channel.stdin).catch(() => {});
  else channel.stdin.end();
  const take = async (from: Readable, to: Writable | undefined): Promise<string> => {
    if (!to) return readText(from);
    await pipeline(from, to, { end: false });
    return '';
  };
  const [stdout, stderr, code] = await Promise.all([
    take(channel.stdout, output?.stdout),
    take(channel.stderr, output?.stderr),
    channel.exited,
  ]);
  // It may never end, and waiting for more of it would keep us here.
  stdin?.destroy();
  return { code, stdout, stderr, complaint };
}
