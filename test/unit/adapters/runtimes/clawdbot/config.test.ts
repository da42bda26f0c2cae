import { describe, expect, test } from 'vitest';
import { clawdbot } from '../../../../../src/adapters/runtimes/clawdbot/adapter.ts';
import { renderConfig, secretNames, secretReferences } from '../../../../../src/adapters/runtimes/clawdbot/config.ts';
import { reservedBy } from '../../../../../src/adapters/runtimes/clawdbot/reserved.ts';
import { tenantLayout } from '../../../../../src/core/host-layout.ts';
import { withDefaults } from '../../../../../src/core/tenant/defaults.ts';
import type { Tenant, TenantDocument } from '../../../../../src/core/tenant/schema.ts';

const layout = tenantLayout('/var/lib/chp', 'smith');
const tenant = (more: Partial<TenantDocument> = {}): Tenant =>
  withDefaults({ schema: 1, name: 'smith', topology: 'hub', host: 'local', model: { provider: 'demo' }, ...more });
const config = (more: Partial<TenantDocument> = {}): any => renderConfig(tenant(more), layout);

/** Paths of everything that is no map. */
function leaves(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]));
}

describe('gateway.json', () => {
  test('loopback only, token from the environment, nothing bundled', () => {
    expect(config()).toMatchObject({
      gateway: { mode: 'local', bind: 'loopback', port: 18789, auth: { mode: 'token', token: '${CHP_GATEWAY_TOKEN}' } },
      skills: { allowBundled: ['none'], load: { extraDirs: ['/var/lib/chp/tenants/smith/current/skills'] } },
      logging: { file: '/var/lib/chp/tenants/smith/logs/gateway-own.log' },
      plugins: { slots: { memory: 'none' } },
    });
    expect(config()).not.toHaveProperty('channels');
  });

  test.each<[string, TenantDocument['model'], string, object | undefined]>([
    ['demo', { provider: 'demo' }, 'chp-demo/chp-demo', { 'chp-demo': { apiKey: 'demo' } }],
    ['anthropic', { provider: 'anthropic' }, 'anthropic/claude-opus-4-5', undefined],
    ['openai with an id', { provider: 'openai', id: 'gpt-x' }, 'openai/gpt-x', undefined],
    [
      'a server of one’s own with a key',
      { provider: 'openai-compatible', id: 'qwen', baseUrl: 'http://h/v1', secret: 'KEY' },
      'chp-model/qwen',
      { 'chp-model': { baseUrl: 'http://h/v1', apiKey: '${KEY}', models: [{ id: 'qwen' }] } },
    ],
    [
      'a server without a key',
      { provider: 'openai-compatible', id: 'qwen', baseUrl: 'http://h/v1' },
      'chp-model/qwen',
      { 'chp-model': { apiKey: 'none' } },
    ],
  ])('model: %s', (_, model, primary, providers) => {
    const rendered = config({ model });
    expect(rendered.agents.defaults.model.primary).toBe(primary);
    if (providers) expect(rendered.models.providers).toMatchObject(providers);
    else expect(rendered).not.toHaveProperty('models');
  });

  test('channels: the token where each keeps it, muted unless told, settings of their own', () => {
    expect(
      config({
        channels: {
          telegram: { secret: 'TG', muted: false, settings: { dmPolicy: 'pairing', enabled: false } },
          discord: { secret: 'DC' },
          whatsapp: {},
        },
      }).channels,
    ).toEqual({
      telegram: { botToken: '${TG}', enabled: true, dmPolicy: 'pairing' },
      discord: { token: '${DC}', enabled: false },
      whatsapp: { enabled: false },
    });
  });

  test('what the document adds is merged in; the document is not touched', () => {
    const own = { agents: { defaults: { timeoutSeconds: 9 } }, gateway: { reload: { mode: 'off' } } };
    const before = structuredClone(own);
    const rendered = config({ config: own });
    expect(rendered.agents.defaults).toMatchObject({ timeoutSeconds: 9, skipBootstrap: true });
    expect(rendered.gateway).toMatchObject({ reload: { mode: 'off' }, bind: 'loopback' });
    expect(own).toEqual(before);
  });

  test('everything that chp sets may not be set by a document', () => {
    const models: TenantDocument['model'][] = [
      { provider: 'demo' },
      { provider: 'openai-compatible', id: 'a', baseUrl: 'http://h' },
    ];
    for (const model of models)
      for (const path of leaves(config({ model, channels: { telegram: { secret: 'TG' } } })))
        expect(reservedBy(path, 'x'), path.join('.')).not.toBeNull();
  });

  test('what lies beside or above it may', () => {
    expect(reservedBy(['gateway'], {})).toBeNull();
    expect(reservedBy(['gateway', 'reload', 'mode'], 'off')).toBeNull();
    expect(reservedBy(['agents', 'defaults', 'model', 'fallbacks'], ['x'])).toBeNull();
    expect(reservedBy(['channels', 'defaults', 'groupPolicy'], 'open')).toBeNull();
    expect(reservedBy(['models', 'providers', 'acme', 'baseUrl'], 'x')).toBeNull();
    expect(reservedBy(['gateway', 'auth', 'token'], 'x')).not.toBeNull();
    expect(reservedBy(['gateway'], 3)).not.toBeNull();
  });
});

describe('secrets', () => {
  test('all that config and processes refer to, once each, in order', () => {
    expect(
      secretNames(
        tenant({
          model: { provider: 'anthropic' },
          channels: { telegram: { secret: 'TG' } },
          secrets: ['B', 'A'],
          config: { x: ['${B} and ${C}'], y: 'text $${NOT_READ} ${no} $D' },
        }),
      ),
    ).toEqual(['A', 'ANTHROPIC_API_KEY', 'B', 'C', 'CHP_GATEWAY_TOKEN', 'TG']);
    expect(secretNames(tenant())).toEqual(['CHP_GATEWAY_TOKEN']);
  });

  test.each([
    ['${A}${B_2}', ['A', 'B_2']],
    ['$${A} $$${B} ${a} ${A b} ${} $A {A}', []],
    ['x${A}y', ['A']],
  ])('%s', (text, names) => expect(secretReferences(text)).toEqual(names));

  test('no value of a secret is in the services: names only', () => {
    const services = clawdbot.services(tenant({ secrets: ['KEY'], timezone: 'Europe/Berlin' }));
    expect(services.map(({ name, credentials }) => [name, credentials])).toEqual([
      ['demo-model', []],
      ['gateway', ['CHP_GATEWAY_TOKEN', 'KEY']],
    ]);
    expect(services[1]).toMatchObject({ env: { TZ: 'Europe/Berlin', CLAWDBOT_NO_RESPAWN: '1' }, port: 18789 });
  });
});
