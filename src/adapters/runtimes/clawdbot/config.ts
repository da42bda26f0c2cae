import type { TenantLayout } from '../../../core/host-layout.ts';
import { GATEWAY_TOKEN } from '../../../core/secret-names.ts';
import type { Tenant } from '../../../core/tenant/schema.ts';
import { DEMO_MODEL } from '../demo-model.ts';

type Json = Record<string, unknown>;

/**
 * gateway.json of clawdbot 2026.1.24-3. Loopback only, token from the environment, no bundled skills, only what the
 * document names. Secrets are `${NAME}`, which the gateway fills in from its own environment.
 */
export function renderConfig(tenant: Tenant, layout: TenantLayout): Json {
  const own: Json = {
    gateway: {
      mode: 'local',
      bind: 'loopback',
      port: tenant.gateway.port,
      auth: { mode: 'token', token: `\${${GATEWAY_TOKEN}}` },
    },
    logging: { file: `${layout.logs}/gateway-own.log` },
    update: { checkOnStart: false },
    plugins: { slots: { memory: 'none' } },
    models: { providers: provider(tenant) },
    agents: {
      defaults: {
        skipBootstrap: true,
        workspace: `${layout.home}/workspace`,
        userTimezone: tenant.timezone,
        model: { primary: modelName(tenant) },
      },
    },
    skills: { allowBundled: ['none'], load: { extraDirs: [`${layout.current}/skills`] } },
    channels: channels(tenant),
  };
  return withoutEmpty(deepMerge(structuredClone(tenant.config), own));
}

/** Secrets that config and processes of this tenant use. */
export function secretNames(tenant: Tenant): string[] {
  const fromConfig = secretReferences(JSON.stringify(tenant.config));
  const fromChannels = Object.values(tenant.channels).flatMap((channel) => (channel.secret ? [channel.secret] : []));
  const fromModel = modelSecret(tenant);
  return [
    ...new Set([GATEWAY_TOKEN, ...(fromModel ? [fromModel] : []), ...fromChannels, ...tenant.secrets, ...fromConfig]),
  ].sort();
}

/** Names that the gateway fills in for `${NAME}`, by its own rule; `$${NAME}` stays as text. */
export function secretReferences(text: string): string[] {
  return [...text.matchAll(/(\$?)\$\{([A-Z_][A-Z0-9_]*)\}/g)].flatMap(([, escaped, name = '']) =>
    escaped ? [] : [name],
  );
}

/** The variable that holds the model's key; null where there is none. */
export function modelSecret({ model }: Pick<Tenant, 'model'>): string | null {
  if (model.provider === 'demo') return null;
  if (model.secret) return model.secret;
  return model.provider === 'anthropic' ? 'ANTHROPIC_API_KEY' : model.provider === 'openai' ? 'OPENAI_API_KEY' : null;
}

const DEFAULT_MODEL = { anthropic: 'claude-opus-4-5', openai: 'gpt-5.2' } as const;

function modelName({ model }: Tenant): string {
  switch (model.provider) {
    case 'demo':
      return `chp-demo/${DEMO_MODEL.id}`;
    case 'openai-compatible':
      return `chp-model/${model.id ?? ''}`;
    default:
      return `${model.provider}/${model.id ?? DEFAULT_MODEL[model.provider]}`;
  }
}

function provider(tenant: Tenant): Json {
  const { model } = tenant;
  if (model.provider === 'demo')
    return { 'chp-demo': openAiCompatible(`http://127.0.0.1:${DEMO_MODEL.port(tenant)}/v1`, DEMO_MODEL.id, 'demo') };
  if (model.provider !== 'openai-compatible') return {};
  const secret = modelSecret(tenant);
  return { 'chp-model': openAiCompatible(model.baseUrl ?? '', model.id ?? '', secret ? `\${${secret}}` : 'none') };
}

function openAiCompatible(baseUrl: string, id: string, apiKey: string): Json {
  const cost = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
  return {
    baseUrl,
    apiKey,
    api: 'openai-completions',
    models: [{ id, name: id, reasoning: false, input: ['text'], cost, contextWindow: 128_000, maxTokens: 8_192 }],
  };
}

/** Where each channel keeps its token; others take the whole of it in `settings`. */
const TOKEN_KEY = new Map([
  ['telegram', 'botToken'],
  ['discord', 'token'],
  ['slack', 'botToken'],
]);

function channels(tenant: Tenant): Json {
  return Object.fromEntries(
    Object.entries(tenant.channels).map(([id, { muted, secret, settings }]) => [
      id,
      { ...settings, ...(secret ? { [TOKEN_KEY.get(id) ?? 'token']: `\${${secret}}` } : {}), enabled: !muted },
    ]),
  );
}

function deepMerge(base: Json, over: Json): Json {
  for (const [key, value] of Object.entries(over)) {
    const old = base[key];
    base[key] = isObject(old) && isObject(value) ? deepMerge(old, value) : value;
  }
  return base;
}

function withoutEmpty(config: Json): Json {
  if (isObject(config.models) && isObject(config.models.providers) && Object.keys(config.models.providers).length === 0)
    delete config.models;
  if (isObject(config.channels) && Object.keys(config.channels).length === 0) delete config.channels;
  return config;
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
