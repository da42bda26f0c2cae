import { readFileSync } from 'node:fs';
import ssh2, { type ParsedKey, type SignCallback, type SigningRequestOptions } from 'ssh2';
import { ChpError } from '../../core/errors.ts';
import type { SshTarget } from './config.ts';
import { encryptedPublicKey } from './key-file.ts';
import { fingerprint } from './known-hosts.ts';

/** Asked on a terminal for a key's passphrase; null = none given. */
export type AskPassphrase = (file: string) => Promise<string | null>;

interface Identity {
  key: ParsedKey;
  /** For messages: its file, or the agent's comment. */
  label: string;
  from: 'agent' | 'file' | 'locked file';
  sign(data: Buffer, hash: string | undefined): Promise<Buffer>;
}

const PASSPHRASE_TRIES = 3;
const AGENT_MS = 5_000;

/**
 * Every key that may open a host, as one agent of ssh2's: a key is offered by its public half, and only one that the
 * host accepts is unlocked or asked of the real agent.
 */
export class Identities extends ssh2.BaseAgent<ParsedKey> {
  readonly #list: readonly Identity[];
  /** What could not be offered, in words. */
  readonly skipped: string[];
  readonly #failed = new Set<Identity>();
  /** The host accepted a key, and had it prove itself. */
  signed = false;
  /** Why a key that the host accepted could not be used. */
  #failure: unknown;

  private constructor(list: readonly Identity[], skipped: string[]) {
    super();
    this.#list = list;
    this.skipped = skipped;
  }

  /** Files and agent, in the order in which keys are offered: named ones, the agent's, then those that are locked. */
  static async of(
    target: SshTarget,
    ask: AskPassphrase | undefined,
    /** Runs what a person takes part in, as long as it may take. */
    attended: <T>(work: () => Promise<T>) => Promise<T>,
  ): Promise<Identities> {
    const skipped: string[] = [];
    const agent = await agentIdentities(target.identityAgent, skipped);
    const open: Identity[] = [];
    const locked: Identity[] = [];
    const held: Identity[] = [];
    for (const file of target.identityFiles) {
      const found = readIdentity(file, (text) => attended(() => unlock(file, text, ask)));
      const inAgent = found && 'key' in found ? agent.find(({ key }) => isSame(key, found.key)) : undefined;
      if (inAgent) held.push(inAgent);
      else if (found && 'sign' in found) (found.from === 'file' ? open : locked).push(found);
      else if (found) skipped.push(`${file} (${found.why})`);
      else if (target.identitiesNamed) skipped.push(`${file} (not there)`);
    }
    const others = target.identitiesOnly ? [] : agent.filter((identity) => !held.includes(identity));
    const list = target.identitiesNamed ? [...held, ...open, ...others] : [...held, ...others, ...open];
    return new Identities([...list, ...locked], skipped);
  }

  /** What is offered, in words. */
  get offered(): string[] {
    return this.#usable().map(({ key, label }) => `${label} ${fingerprint(key.getPublicSSH())}`);
  }

  /**
   * After a failed login: one whose agent did not sign is left out the next time.
   * @returns whether another login may go better @throws what kept a locked key from being used
   */
  mayGoOn(): boolean {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure === undefined) return false;
    if ([...this.#failed].some(({ from }) => from !== 'agent')) throw failure;
    return true;
  }

  override getIdentities(done: (error: Error | null, keys?: ParsedKey[]) => void): void {
    done(
      null,
      this.#usable().map(({ key }) => key),
    );
  }

  override sign(
    publicKey: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    done?: SignCallback,
  ): void {
    const answer = (typeof options === 'function' ? options : done) as SignCallback;
    const hash = typeof options === 'function' ? undefined : options.hash;
    const identity = this.#list.find(({ key }) => isSame(key, publicKey));
    if (!identity) {
      answer(new Error('no such key'));
      return;
    }
    identity.sign(data, hash).then(
      (signature) => {
        this.signed = true;
        answer(null, signature);
      },
      (error: Error) => {
        this.#failed.add(identity);
        this.#failure = error;
        if (identity.from === 'agent') this.skipped.push(`${identity.label} (${error.message})`);
        answer(error);
      },
    );
  }

  #usable(): Identity[] {
    return this.#list.filter((identity) => !this.#failed.has(identity));
  }
}

function isSame(one: ParsedKey, other: ParsedKey): boolean {
  return one.getPublicSSH().equals(other.getPublicSSH());
}

/** An agent that does not answer is as good as none. */
async function agentIdentities(socket: string | null, skipped: string[]): Promise<Identity[]> {
  if (!socket) return [];
  const agent = ssh2.createAgent(socket);
  const { promise, resolve } = Promise.withResolvers<ParsedKey[] | string>();
  const timer = setTimeout(() => resolve('it does not answer'), AGENT_MS);
  agent.getIdentities((error, keys) => resolve(error ? error.message : ((keys ?? []) as ParsedKey[])));
  const keys = await promise;
  clearTimeout(timer);
  if (typeof keys === 'string') {
    skipped.push(`the agent at ${socket} (${keys})`);
    return [];
  }
  return keys.map((key) => ({
    key,
    label: `${key.comment || key.type} of the agent`,
    from: 'agent',
    sign: (data, hash) => {
      const signed = Promise.withResolvers<Buffer>();
      agent.sign(key, data, { hash } as SigningRequestOptions, (error, signature) => {
        if (signature) signed.resolve(signature);
        else signed.reject(new Error(`it did not sign${error ? `: ${error.message}` : ''}`));
      });
      return signed.promise;
    },
  }));
}

/** null = no such file. `why` = it can't be used. */
function readIdentity(
  file: string,
  unlocked: (text: string) => Promise<ParsedKey>,
): Identity | { key: ParsedKey; why: string } | { why: string } | null {
  let text: string | null;
  try {
    text = read(file);
  } catch (error) {
    return { why: (error as Error).message };
  }
  const beside = read(`${file}.pub`);
  if (text === null) {
    const key = beside && parse(beside);
    return key ? { key, why: 'only its public half is there, and the agent has not got it' } : null;
  }
  const parsed = [ssh2.utils.parseKey(text)].flat()[0] as ParsedKey | Error;
  if (!(parsed instanceof Error)) {
    if (!parsed.isPrivateKey())
      return { key: parsed, why: 'it is a public key, and the agent has not got the other half' };
    return { key: parsed, label: file, from: 'file', sign: async (data, hash) => signWith(parsed, data, hash) };
  }
  if (!/encrypted|passphrase/i.test(parsed.message)) return { why: `chp can't read it: ${parsed.message}` };
  const key = encryptedPublicKey(text) ?? (beside && parse(beside));
  if (!key) return { why: 'it is encrypted: ssh-add it' };
  return {
    key,
    label: file,
    from: 'locked file',
    sign: async (data, hash) => signWith(await unlocked(text), data, hash),
  };
}

async function unlock(file: string, text: string, ask: AskPassphrase | undefined): Promise<ParsedKey> {
  for (let tries = PASSPHRASE_TRIES; ask && tries > 0; tries--) {
    const passphrase = await ask(file);
    if (passphrase === null) break;
    const [key] = [ssh2.utils.parseKey(text, passphrase)].flat();
    if (key && !(key instanceof Error)) return key;
  }
  throw new ChpError('HOST_AUTH', `the key ${file} is encrypted, and was not unlocked`, {
    why: ask
      ? 'None of the passphrases was right.'
      : 'The host accepts it, but in a pipeline nobody is asked for its passphrase.',
    next: [`Give it to an agent first: eval "$(ssh-agent)"; ssh-add '${file}'`],
  });
}

function signWith(key: ParsedKey, data: Buffer, hash: string | undefined): Buffer {
  const signature = key.sign(data, hash) as Buffer | Error;
  if (signature instanceof Error) throw signature;
  return signature;
}

function parse(text: string): ParsedKey | null {
  const [key] = [ssh2.utils.parseKey(text)].flat();
  return key && !(key instanceof Error) ? key : null;
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '')) return null;
    throw cause;
  }
}
