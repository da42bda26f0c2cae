import { DEMO_MODEL } from '../adapters/runtimes/demo-model.ts';
import { type Digest, sha256 } from '../core/digest.ts';
import type { GenerationFile, GenerationManifest } from '../core/generation.ts';
import { tenantLayout } from '../core/host-layout.ts';
import type { SecretRecord, SkillRecord } from '../core/ports/registry.ts';
import type { RuntimeAdapter, RuntimeBundle } from '../core/ports/runtime.ts';
import { GATEWAY_TOKEN } from '../core/secret-names.ts';
import type { Tenant } from '../core/tenant/schema.ts';
import { automationServices } from '../packs/automation.ts';
import { type AutomationParts, automationFiles, treeDigests } from './automation-files.ts';
import { neededSecrets } from './needed-secrets.ts';

export interface GenerationParts {
  tenant: Tenant;
  /** chp's folder on the host. */
  root: string;
  runtime: RuntimeAdapter;
  bundle: RuntimeBundle;
  secrets: readonly SecretRecord[];
  skills: readonly SkillRecord[];
  /** null for a tenant without packs. */
  automation: AutomationParts | null;
  /** The bundled demo model server, where the tenant's model is `demo`. */
  demoModel: Uint8Array | null;
}

export interface BuiltGeneration {
  manifest: GenerationManifest;
  /** Bytes of every file, by digest. */
  objects: ReadonlyMap<Digest, Uint8Array>;
}

/** Everything the tenant is to run, as one manifest and its files. Pure: equal parts give an equal digest. */
export function buildGeneration(parts: GenerationParts): BuiltGeneration {
  const { tenant, runtime, bundle } = parts;
  const objects = new Map<Digest, Uint8Array>();
  const files: GenerationFile[] = [];
  const add = (path: string, mode: GenerationFile['mode'], bytes: Uint8Array): void => {
    const digest = sha256(bytes);
    objects.set(digest, bytes);
    files.push({ path, mode, sha256: digest, size: bytes.byteLength });
  };

  add(
    'config/gateway.json',
    0o644,
    Buffer.from(`${JSON.stringify(runtime.renderConfig(tenant, tenantLayout(parts.root, tenant.name)), null, 2)}\n`),
  );
  for (const skill of parts.skills)
    for (const file of JSON.parse(skill.files) as SkillFile[])
      add(`skills/${skill.name}/${file.path}`, file.mode, Buffer.from(file.base64, 'base64'));
  const wanted = new Set(neededSecrets(tenant));
  for (const secret of parts.secrets)
    if (wanted.has(secret.name)) add(`secrets/${secret.name}.age`, 0o600, Buffer.from(secret.ciphertext));
  if (parts.demoModel) add(DEMO_MODEL.file, 0o644, parts.demoModel);
  if (parts.automation) for (const [path, text] of automationFiles(tenant, parts.automation)) add(path, 0o644, text);
  files.sort((a, b) => (a.path < b.path ? -1 : 1));

  return {
    objects,
    manifest: {
      schema: 1,
      tenant: tenant.name,
      platform: bundle.platform,
      runtime: { ...tenant.runtime, node: bundle.node.digest, app: bundle.app.digest },
      ...(parts.automation ? { trees: treeDigests(parts.automation) } : {}),
      files,
      services: [...runtime.services(tenant), ...automationServices(tenant)].map((service) => ({
        ...service,
        ...(tenant.services.image === null ? {} : { image: tenant.services.image }),
      })),
      checks: {
        gateway: { port: tenant.gateway.port, tokenSecret: GATEWAY_TOKEN, version: tenant.runtime.version },
        turn: { required: true, prompt: 'This is a health check. Answer with one short sentence.', timeoutS: 60 },
        skills: parts.skills.map((skill) => skill.name),
        channels: Object.entries(tenant.channels).map(([id, { muted }]) => ({ id, muted })),
        ...(parts.automation
          ? { worker: { packs: parts.automation.packs.map(({ id, version, digest }) => ({ id, version, digest })) } }
          : {}),
      },
      ownership: tenant.ownership,
    },
  };
}

/** One file of a skill as the registry keeps it. */
export interface SkillFile {
  path: string;
  mode: 0o644 | 0o755;
  base64: string;
}
