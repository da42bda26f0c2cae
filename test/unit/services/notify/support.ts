import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Envelope, Notify, Recipient } from '../../../../src/core/ports/automation.ts';
import type { NotifyConfig } from '../../../../src/core/worker-protocol.ts';
import { makeNotify, type NotifyInput } from '../../../../src/services/notify/index.ts';

export { failureOf, options } from '../connectors/support.ts';

export const TOKEN = '1000:AAbot-token-1';
export const ANA = member('ana', [{ kind: 'telegram', address: '11' }]);
export const BEN = member('ben', [{ kind: 'telegram', address: '22' }]);
export const EVE = member('eve', [{ kind: 'telegram', address: '33' }]);
/** Nothing reaches her. */
export const OMA = member('oma', []);

export function member(id: string, contacts: Recipient['contacts']): Recipient {
  return { id, name: id[0]?.toUpperCase() + id.slice(1), role: 'Adult', contacts };
}

export function envelopeOf(more: Partial<Envelope> = {}): Envelope {
  return {
    id: 'run-1/ask',
    tenant: 'smith',
    run: 'run-1',
    kind: 'approve',
    summary: 'Unlock lock.front <now> & here',
    details: { door: 'Front door', 'asked by': 'ana' },
    risk: 'high',
    approvers: ['ana', 'ben'],
    quorum: 1,
    expiresAt: new Date(Date.now() + 600_000).toISOString(),
    state: 'open',
    ...more,
  };
}

/** A notifier in a folder of its own, which can be started again on the same folder. */
export class Rig {
  readonly dir = mkdtempSync(join(tmpdir(), 'chp-notify-'));
  readonly warnings: string[] = [];
  readonly decisions: { envelope: string; by: string; verdict: string }[] = [];
  notify!: Notify;

  start(config: NotifyConfig, more: Partial<NotifyInput> = {}): Notify {
    this.notify = makeNotify({
      tenant: {
        name: 'smith',
        timezone: 'Europe/Berlin',
        members: [ANA, BEN, EVE, OMA].map(({ contacts, ...rest }) => ({
          ...rest,
          role: 'Adult' as const,
          contacts: [...contacts],
        })),
        notify: config,
      },
      secret: (name) => ({ BOT: TOKEN, SIGNING: 'signing-canary-1' })[name],
      dataDir: this.dir,
      warn: (message) => this.warnings.push(message),
      ...more,
    });
    this.notify.onDecision(async (decision) => void this.decisions.push(decision));
    return this.notify;
  }

  async end(): Promise<void> {
    await this.notify?.close().catch(() => {});
    rmSync(this.dir, { recursive: true, force: true });
  }
}
