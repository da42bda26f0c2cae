import { DatabaseSync } from 'node:sqlite';
import { expect } from 'vitest';
import type { DoctorCheck } from '../../../src/core/doctor.ts';
import { chpHome } from '../../../src/core/home.ts';
import { openContext } from '../../../src/operations/context.ts';
import { type Diagnosis, type DoctorOptions, diagnose } from '../../../src/operations/doctor/diagnose.ts';
import { type FakeHome, startHomeAssistant } from '../../fakes/home-assistant.ts';
import { type FakeTelegram, startTelegram } from '../../fakes/telegram.ts';
import { startHosts, type TestHost, type TestHosts } from '../../hosts/hosts.ts';
import { Chp } from '../chp.ts';
import { startModel, type TestModel } from '../model.ts';
import { recordedProgress } from '../progress.ts';

export const ROOT = '/var/lib/chp';
/** Of another form than ordinary words, so that they can be looked for. */
export const SECRETS = { HOME_ASSISTANT_TOKEN: 'home-token-1-93b5e1aa', TELEGRAM_TOKEN: '1000:AAbot-token-1-c40e8a55' };
/** A gateway's start, on a machine that has much else to do. */
const COMES_BACK_MS = 120_000;
export const DIR = `${ROOT}/tenants/smith`;

const MODEL_ANSWER = { say: 'I am well.' } as const;

/** A hub with everything that doctor looks at: model, pack, connector, a way to notify, a muted channel, a certificate. */
export class Hub implements AsyncDisposable {
  readonly hosts: TestHosts;
  readonly host: TestHost;
  readonly chp: Chp;
  readonly model: TestModel;
  readonly home: FakeHome;
  readonly telegram: FakeTelegram;
  /** For one look: other variables than the operator's. */
  env: NodeJS.ProcessEnv = {};

  private constructor(hosts: TestHosts, parts: { model: TestModel; home: FakeHome; telegram: FakeTelegram }) {
    this.hosts = hosts;
    this.host = hosts.hosts[0] as TestHost;
    this.chp = new Chp({ CHP_SSH_CONFIG: hosts.sshConfig });
    this.model = parts.model;
    this.home = parts.home;
    this.telegram = parts.telegram;
  }

  static async start(certificate: string): Promise<Hub> {
    const hosts = await startHosts(1);
    const host = hosts.hosts[0] as TestHost;
    const bridge = (await host.exec('sh', '-c', "ip route show default | cut -d' ' -f3")).stdout.trim();
    const [model, home, telegram] = await Promise.all([
      startModel(() => MODEL_ANSWER, bridge),
      startHomeAssistant({ host: bridge, token: SECRETS.HOME_ASSISTANT_TOKEN }),
      startTelegram({ host: bridge, token: SECRETS.TELEGRAM_TOKEN, chats: [11] }),
    ]);
    const hub = new Hub(hosts, { model, home, telegram });
    // A disk of its own, which can be filled; the image's lists of packages are as old as the image.
    await hub.sh(
      `mkdir -p ${ROOT}; mount -t tmpfs -o size=4g,nr_inodes=200000 tmpfs ${ROOT}; touch /var/lib/apt/lists`,
    );
    const secrets = { ...SECRETS, HUB_CERT: certificate };
    const names = Object.keys(secrets).flatMap((name) => ['--secret-env', name]);
    await hub.chp.json(['tenant', 'create', '-f', '-', '--accept-new', ...names], {
      input: hub.#document(),
      env: secrets,
    });
    return hub;
  }

  #document(): string {
    return `schema: 1
name: smith
topology: hub
host: ${this.host.alias}
model: { provider: openai-compatible, baseUrl: "${this.model.url}", id: scripted }
skills: [{ name: elder-care, source: "builtin:elder-care" }, { name: family-comms, source: "builtin:family-comms" }]
members: [{ id: ana, name: Ana, role: Adult, contacts: [{ kind: telegram, address: "11" }] }]
packs: [{ id: elder-care, inputs: { person: ana, medicine: Aspirin, carers: [ana] } }]
connectors: { home-assistant: { url: "${this.home.url}" } }
notify: { telegram: { secret: TELEGRAM_TOKEN, url: "${this.telegram.url}" } }
secrets: [HUB_CERT]
`;
  }

  /** As root on the host. @throws when it fails */
  async sh(script: string): Promise<string> {
    const { code, stdout, stderr } = await this.host.exec('sh', '-c', script);
    if (code !== 0) throw new Error(`${script}: ${code}\n${stdout}\n${stderr}`);
    return stdout.trim();
  }

  /** One look, in this process: what the command does. */
  async look(options: Partial<DoctorOptions> = {}): Promise<Diagnosis> {
    await using context = openContext({
      env: { ...this.chp.env, ...this.env },
      progress: recordedProgress(),
      signal: new AbortController().signal,
    });
    return await diagnose(context, {
      ...{ tenants: ['smith'], atOnce: 1, only: [], skip: [], since: new Date(), drift: false, onCheck: () => {} },
      ...options,
    });
  }

  /** Waits until nothing in these groups is red. */
  async comesBack(groups: string[]): Promise<void> {
    const red = async () => redOf(await this.look({ only: groups })).map(({ id, detail }) => `${id}: ${detail}`);
    await expect.poll(red, { interval: 200, timeout: COMES_BACK_MS }).toEqual([]);
  }

  /** The registry's file, past chp. */
  sql(statement: string, ...values: (string | number | null)[]): void {
    const database = new DatabaseSync(chpHome(this.chp.env).registry);
    try {
      database.prepare(statement).run(...values);
    } finally {
      database.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.home.close(), this.telegram.close(), this.model[Symbol.asyncDispose]()]);
    await this.hosts[Symbol.asyncDispose]();
    this.chp.cleanUp();
  }
}

/** What failed or warns. */
export const redOf = ({ reports }: Diagnosis): DoctorCheck[] =>
  reports.flatMap(({ checks }) => checks.filter(({ verdict }) => verdict === 'fail' || verdict === 'warn'));
