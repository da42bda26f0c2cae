import type { DoctorRequest } from '../../../core/agent-protocol.ts';
import { GatewayClient } from '../../../core/gateway-client.ts';
import type { GenerationManifest } from '../../../core/generation.ts';
import { type TenantLayout, tenantLayout } from '../../../core/host-layout.ts';
import type { HostReadingName } from '../../../core/host-readings.ts';
import { decryptSecret } from '../credentials.ts';
import type { Host } from '../host.ts';
import type { Manager } from '../manager/manager.ts';
import { running } from '../status.ts';
import { Store } from '../store.ts';

const CONNECT_MS = 5_000;

/** There is nothing to read: why, and the reading that it hangs on, if that is what is wrong. */
export class Unread extends Error {
  readonly root: HostReadingName | undefined;
  constructor(why: string, root?: HostReadingName) {
    super(why);
    this.root = root;
  }
}

/** What the readers share: one look at one tenant. */
export class Look implements AsyncDisposable {
  readonly host: Host;
  readonly tenant: string;
  readonly layout: TenantLayout;
  readonly manager: Manager;
  readonly request: DoctorRequest;
  readonly store: Store;
  #gateway: Promise<GatewayClient> | undefined;

  constructor(host: Host, tenant: string, manager: Manager, request: DoctorRequest) {
    this.host = host;
    this.tenant = tenant;
    this.layout = tenantLayout(host.root, tenant);
    this.manager = manager;
    this.request = request;
    this.store = new Store(host.root);
  }

  /** What runs, or should. @throws Unread: `installation` says what is wrong */
  get manifest(): GenerationManifest {
    try {
      return running(this.host.root, this.tenant).manifest;
    } catch (error) {
      throw new Unread((error as Error).message, 'installation');
    }
  }

  /** One session for all. @throws UNHEALTHY, DEADLINE */
  gateway(): Promise<GatewayClient> {
    this.#gateway ??= this.#connect();
    return this.#gateway;
  }

  /** As `gateway`, for who is not to say once more that it does not answer. @throws Unread */
  session(): Promise<GatewayClient> {
    return this.gateway().catch((error: Error) => {
      throw error instanceof Unread ? error : new Unread(`the gateway does not answer: ${error.message}`, 'gateway');
    });
  }

  async #connect(): Promise<GatewayClient> {
    const { port, tokenSecret } = this.manifest.checks.gateway;
    const token = await decryptSecret(this.host.root, this.manifest, tokenSecret, this.store);
    return GatewayClient.connect(port, token, CONNECT_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    (await this.#gateway?.catch(() => null))?.[Symbol.asyncDispose]();
  }
}
