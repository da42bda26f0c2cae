import { newTenantText } from '../adapters/documents/new-tenant.ts';
import { identifySkill } from '../adapters/skills/resolve.ts';
import { ChpError } from '../core/errors.ts';
import { assertTenantName } from '../core/names.ts';
import { redactor } from '../core/redact.ts';
import type { Tenant, TenantDocument } from '../core/tenant/schema.ts';
import type { CreateInput } from './create-tenant.ts';
import { readDocument } from './read-document.ts';
import { assertSecret } from './secrets.ts';

export interface CreateFlags {
  tenant: string | undefined;
  file?: string | undefined;
  host?: string | undefined;
  model?: TenantDocument['model']['provider'] | undefined;
  'model-id'?: string | undefined;
  'model-url'?: string | undefined;
  port?: number | undefined;
  timezone?: string | undefined;
  manager?: Tenant['services']['manager'] | undefined;
  image?: string | undefined;
  skill?: string[] | undefined;
  'secret-env'?: string[] | undefined;
}

/** What to create, from a file or from flags. @throws BAD_INPUT saying which flag is missing */
export async function createInput(flags: CreateFlags, env: NodeJS.ProcessEnv): Promise<CreateInput> {
  const secrets = new Map((flags['secret-env'] ?? []).map((name) => [name, secretFrom(env, name)]));
  if (flags.file) {
    const { text, file, baseDir } = await readDocument(flags.file);
    return { document: text, file, baseDir, secrets, ...(flags.tenant ? { name: flags.tenant } : {}) };
  }
  const missing = [flags.tenant ? '' : 'the name', flags.host ? '' : '--host', flags.model ? '' : '--model'].filter(
    Boolean,
  );
  if (missing.length > 0)
    throw new ChpError('BAD_INPUT', `missing: ${missing.join(', ')}`, {
      next: ['chp tenant create demo --host local --model demo', 'chp tenant create -f tenant.yaml'],
    });
  const name = flags.tenant ?? '';
  assertTenantName(name);
  const skills = await Promise.all((flags.skill ?? []).map((source) => identifySkill(source, process.cwd())));
  const document: TenantDocument = {
    schema: 1,
    name,
    topology: 'hub',
    host: flags.host ?? '',
    ...(flags.timezone ? { timezone: flags.timezone } : {}),
    ...(flags.port ? { gateway: { port: flags.port } } : {}),
    model: {
      provider: flags.model ?? 'demo',
      ...(flags['model-id'] ? { id: flags['model-id'] } : {}),
      ...(flags['model-url'] ? { baseUrl: flags['model-url'] } : {}),
    },
    ...(skills.length > 0 ? { skills } : {}),
    ...(flags.manager || flags.image
      ? {
          services: {
            ...(flags.manager ? { manager: flags.manager } : {}),
            ...(flags.image ? { image: flags.image } : {}),
          },
        }
      : {}),
  };
  return {
    document: newTenantText(document),
    file: `${name}/tenant.yaml`,
    baseDir: process.cwd(),
    secrets,
    choosePort: !flags.port,
  };
}

function secretFrom(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name];
  if (!value) throw new ChpError('BAD_INPUT', `the variable ${name} is not set`);
  assertSecret(name, value);
  redactor.add(value);
  return value;
}
