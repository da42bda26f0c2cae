import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startHosts, type TestHost, type TestHosts } from '../hosts/hosts.ts';
import { Chp } from '../support/chp.ts';
import { RESTIC } from '../support/restic.ts';

/** Backups on a real systemd host with the real restic: what is destroyed comes back, and nothing of it is readable. */
let hosts: TestHosts;
let host: TestHost;
let chp: Chp;

const TENANT = '/var/lib/chp/tenants/smith';
const CANARY = 'canary-backup-81c7f2';
const json = (...argv: string[]): Promise<any> => chp.json(argv);
const onHost = async (script: string): Promise<string> => {
  const { code, stdout, stderr } = await host.exec('sh', '-c', script);
  if (code !== 0) throw new Error(`${script}: ${code}\n${stdout}\n${stderr}`);
  return stdout.trim();
};
/** What the family said, as the transcripts have it. */
const said = (): Promise<string> =>
  onHost(`grep -rhoE 'note-[a-z]+' ${TENANT}/state/agents 2>/dev/null | sort -u | tr '\\n' ' '`);
const write = (note: string): Promise<string> =>
  onHost(
    `d=${TENANT}/state/agents/main/sessions; mkdir -p $d; printf '{"type":"session","id":"%s"}\\n{"type":"message","text":"%s"}\\n' ${randomUUID()} ${note} > $d/${note}.jsonl; chown -R --reference=${TENANT}/state ${TENANT}/state/agents`,
  );

beforeAll(async () => {
  hosts = await startHosts(1);
  host = hosts.hosts[0] as TestHost;
  // As `backups: {}` in tenant.yaml would by apt: test hosts have no mirror.
  execFileSync('docker', ['cp', RESTIC, `${host.id}:${RESTIC}`]);
  chp = new Chp({ CHP_SSH_CONFIG: hosts.sshConfig });
  await json('tenant', 'create', 'smith', '--host', host.alias, '--model', 'demo', '--accept-new');
  await chp.json(['secret', 'set', 'smith', 'WEATHER_KEY'], { input: CANARY });
});

afterAll(async () => {
  await hosts?.[Symbol.asyncDispose]();
  chp?.cleanUp();
});

describe('backups', () => {
  test('there is none yet: said so', async () => {
    await write('note-first');
    expect((await chp.json(['backup', 'restore', 'smith', '--yes'], { code: 3 })).code).toBe('NOT_FOUND');
    expect((await json('backup', 'list', 'smith')).backups).toEqual([]);
  });

  test('create, list, verify: of one moment, encrypted, the gateway is away for a moment only', async () => {
    const made = await json('backup', 'create', 'smith');
    expect(made).toMatchObject({ tenant: 'smith', runtime: expect.stringContaining('clawdbot@'), removed: 0 });
    expect(made.files).toBeGreaterThan(1);
    expect((await json('backup', 'list', 'smith')).backups.map(({ id }: { id: string }) => id)).toEqual([made.id]);
    expect(await json('backup', 'verify', 'smith')).toMatchObject({ backups: 1 });
    expect(await onHost(`ls ${TENANT}/backups`)).toBe('repository');
    expect(await onHost(`grep -rlE 'note-first|${CANARY}' ${TENANT}/backups || true`)).toBe('');
    expect(await onHost('systemctl is-active chp-smith-gateway')).toBe('active');
  });

  test('the state is destroyed: restore brings the sessions back, and a turn is answered', async () => {
    await write('note-second');
    await onHost(`rm -rf ${TENANT}/state/agents`);
    const restored = await json('backup', 'restore', 'smith', '--yes');
    expect(restored.applied.outcome).toBe('committed');
    expect(restored.applied.checks.find(({ id }: { id: string }) => id === 'agent.turn').verdict).toBe('pass');
    expect(await said()).toBe('note-first');
    expect((await json('tenant', 'plan', 'smith')).empty).toBe(true);
    // It is not a place to go back from.
    expect(
      (await json('generation', 'list', 'smith')).generations.find((one: any) => one.number === 1).host.lastProven,
    ).toBe(true);
  });

  test('drill: started beside what runs, driven, and nothing is left of it', async () => {
    const before = await onHost('systemctl show -P MainPID chp-smith-gateway');
    const drilled = await json('backup', 'drill', 'smith');
    expect(drilled.checks).toMatchObject([{ id: 'agent.turn', verdict: 'pass' }]);
    expect(drilled.messages).toBeGreaterThan(0);
    expect(await onHost('systemctl show -P MainPID chp-smith-gateway')).toBe(before);
    expect(await onHost(`ls ${TENANT}; ls ${TENANT}/generations`)).not.toContain('drill');
  });

  test('the agent is killed while all is stopped: the host starts it again by itself', async () => {
    const creating = chp.run(['backup', 'create', 'smith']);
    await onHost(
      `for i in $(seq 600); do systemctl is-active -q chp-smith-gateway || { pkill -9 -f '[a]gent.mjs serve' && exit 0; }; sleep 0.02; done; exit 1`,
    );
    expect((await creating).code).not.toBe(0);
    await expect
      .poll(() => host.exec('systemctl', 'is-active', 'chp-smith-gateway').then(({ stdout }) => stdout.trim()), {
        timeout: 120_000,
      })
      .toBe('active');
    expect((await json('backup', 'create', 'smith')).files).toBeGreaterThan(1);
    expect(await onHost(`ls ${TENANT}/backups`)).toBe('repository');
  });

  test('a damaged repository is found out', async () => {
    await onHost(
      `f=$(find ${TENANT}/backups/repository/data -type f | head -1); chmod u+w $f; printf x | dd of=$f bs=1 seek=40 conv=notrunc 2>/dev/null`,
    );
    expect((await chp.json(['backup', 'verify', 'smith'], { code: 11 })).code).toBe('INTEGRITY');
  });

  test('what was done is in the audit; the key is nowhere in the clear', async () => {
    const actions = (await json('audit', 'list', '--tenant', 'smith')).map(({ action }: { action: string }) => action);
    expect(actions).toEqual(
      expect.arrayContaining(['backup.created', 'backup.restored', 'backup.drilled', 'backup.verified']),
    );
    expect((await json('secret', 'list', 'smith')).map(({ name }: { name: string }) => name)).toContain(
      'CHP_BACKUP_KEY',
    );
  });
});
