import { CustomResource, type CustomResourceOptions, type Inputs, type Output } from '@pulumi/pulumi';
import type { HubArgs } from '../args/hub.ts';
import { IDENTITY_SECRETS, type IdentityOutputs } from '../provider/identity.ts';
import { hostImportId } from '../provider/import-id.ts';

class Identity extends CustomResource {
  declare readonly gatewayToken: Output<string>;
  declare readonly signingPrivateKey: Output<string>;
  declare readonly signingPublicKey: Output<string>;
  declare readonly ageIdentity: Output<string>;
  declare readonly ageRecipient: Output<string>;
  declare readonly caCertificate: Output<string>;
  declare readonly caPrivateKey: Output<string>;
  declare readonly hubCertificate: Output<string>;
  declare readonly hubPrivateKey: Output<string>;

  constructor(name: string, inputs: Inputs) {
    const outputs = Object.fromEntries(OUTPUTS.map((output) => [output, undefined]));
    super('chp:index:Identity', name, { ...outputs, ...inputs }, { additionalSecretOutputs: [...IDENTITY_SECRETS] });
  }
}

class Host extends CustomResource {
  constructor(name: string, inputs: Inputs, options: CustomResourceOptions) {
    super(
      'chp:index:Host',
      name,
      { drift: undefined, ...inputs },
      { ...options, additionalSecretOutputs: ['ageIdentity'] },
    );
  }
}

const OUTPUTS: readonly (keyof IdentityOutputs)[] = [
  'gatewayToken',
  'signingPrivateKey',
  'signingPublicKey',
  'ageIdentity',
  'ageRecipient',
  'caCertificate',
  'caPrivateKey',
  'hubCertificate',
  'hubPrivateKey',
];

/** A hub tenant: its identity, and the base of its host. Returns the stack's outputs. */
export function hubProgram({ rotation = 0, ...args }: HubArgs): () => Promise<Record<string, unknown>> {
  return async () => {
    const identity = new Identity('identity', { tenant: args.tenant, rotation });
    new Host('host', { ...args, ageIdentity: identity.ageIdentity, signingPublicKey: identity.signingPublicKey }, {});
    return Object.fromEntries(OUTPUTS.map((name) => [name, identity[name]]));
  };
}

/** Takes a host as it is into the state; no input of ours is compared with what is found. */
export function importProgram({ rotation: _, ...args }: HubArgs): () => Promise<Record<string, unknown>> {
  return async () => {
    const inputs = { ...args, ageIdentity: '', signingPublicKey: '' };
    new Host('host', inputs, { import: hostImportId(args), ignoreChanges: Object.keys(inputs) });
    return {};
  };
}
