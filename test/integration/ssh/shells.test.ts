import { afterAll, describe, expect, test } from 'vitest';
import { sshTransport } from '../../../src/adapters/ssh/transport.ts';
import type { Transport } from '../../../src/core/ports/transport.ts';
import { readHostFacts } from '../../../src/playbooks/facts/host.ts';
import { SshHome } from '../../support/ssh-home.ts';
import { TestSshd } from '../../support/sshd.ts';

/** Whatever the login shell is and prints by itself, commands arrive and answer the same. */
const home = new SshHome();
const things = new AsyncDisposableStack();
things.use(home);
afterAll(() => things.disposeAsync());

/** sshd hands the line to the login shell with -c; so does this, in the place of it. */
async function withShell(forced: string): Promise<Transport> {
  const sshd = things.use(await TestSshd.start({ config: [`ForceCommand ${forced}`] }));
  sshd.authorize(home.key);
  home.knows(sshd);
  const host = await sshTransport('hub', { env: home.env });
  things.defer(() => host.close());
  return host;
}

const NASTY = ['a b', "it's", '"', '$HOME `id`', '*?[a]{b,c}~', 'a\nb\n', 'back\\slash\\', 'a!b !! !$', '\\n%s', ''];

describe.each([
  ['dash', 'exec dash -c "$SSH_ORIGINAL_COMMAND"'],
  ['bash', 'exec bash -c "$SSH_ORIGINAL_COMMAND"'],
  ['tcsh', 'exec tcsh -c "$SSH_ORIGINAL_COMMAND"'],
  ['fish', 'exec fish -c "$SSH_ORIGINAL_COMMAND"'],
  [
    'a shell that talks',
    'printf "Welcome!\\nchp-\\nno line end"; echo warned >&2; exec bash -c "$SSH_ORIGINAL_COMMAND"',
  ],
])('%s', (_, forced) => {
  let host: Transport;

  test('arguments, output and exit codes are what they are', async () => {
    host = await withShell(forced);
    const { stdout } = await host.exec(['printf', '[%s]', ...NASTY]);
    expect(stdout).toBe(NASTY.map((word) => `[${word}]`).join(''));
    expect((await host.exec(['printf', '[%s]', 'plain', 'a b'])).stdout).toBe('[plain][a b]');
    expect((await host.exec(['sh', '-c', 'cat; exit 7'], { input: 'through' })).stdout).toBe('through');
    expect(await host.exec(['sh', '-c', 'echo mine >&2; exit 7'])).toEqual({ code: 7, stdout: '', stderr: 'mine\n' });
  });

  test('the facts of the host can be read', async () => {
    const facts = await readHostFacts(host, '/var/lib/chp', 'smith');
    expect(facts).toMatchObject({
      user: expect.stringMatching(/./),
      home: expect.stringMatching(/^\//),
      uid: process.getuid?.(),
    });
  });
});

test('a login that gives no shell: what it says is shown', async () => {
  const host = await withShell('echo "This account is currently not available."; exit 1');
  await expect(readHostFacts(host, '/var/lib/chp', 'smith')).rejects.toMatchObject({
    code: 'HOST_UNFIT',
    why: 'This account is currently not available.',
  });
});
