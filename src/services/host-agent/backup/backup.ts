import type { AgentEvent, AgentRequest } from '../../../core/agent-protocol.ts';
import { tenantLayout } from '../../../core/host-layout.ts';
import { BACKUP_KEY } from '../../../core/secret-names.ts';
import type { Activation, ActivationEvents } from '../activation.ts';
import { decryptGiven } from '../credentials.ts';
import type { Host } from '../host.ts';
import { running } from '../status.ts';
import { createBackup } from './create.ts';
import { drillBackup } from './drill.ts';
import { Restic, repositoryOf } from './restic.ts';
import { restoreBackup, verifyBackups } from './restore.ts';

/** Answers one request about a tenant's backups. Call with the tenant's lock held. */
export async function backup(
  host: Host,
  request: Extract<AgentRequest, { op: 'backup' }>,
  activation: Activation,
  send: (event: AgentEvent) => Promise<void>,
): Promise<unknown> {
  const { root } = host;
  const { tenant, repository } = request;
  const key = await decryptGiven(root, tenant, repository.key, BACKUP_KEY);
  const restic = new Restic(repositoryOf(repository.to, tenantLayout(root, tenant).backups), key);
  switch (request.work) {
    case 'create':
      return createBackup(root, running(root, tenant), activation, restic, request.keep);
    case 'list':
      return restic.list();
    case 'verify':
      return verifyBackups(root, tenant, restic);
    case 'restore': {
      const restored = await restoreBackup(root, running(root, tenant), activation, restic, request.id, decided(send));
      await activation.tidy();
      return restored;
    }
    case 'drill':
      return drillBackup(host, running(root, tenant), restic, request.id);
  }
}

/** The host alone decides: a restore that is healthy stays, whether or not anybody still listens. */
const decided = (send: (event: AgentEvent) => Promise<void>): ActivationEvents => ({
  staged: async () => {},
  step: (step, ms) => void send({ event: 'step', step, ms }),
  check: (check) => void send({ event: 'check', check }),
  note: () => {},
  present: () => true,
  confirm: async () => true,
});
