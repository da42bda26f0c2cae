import { expect, test } from 'vitest';
import { tenantLayout } from '../../../../src/core/host-layout.ts';
import { mutedConfig } from '../../../../src/services/host-agent/rehearse.ts';
import { scratchConfig } from '../../../../src/services/host-agent/warm.ts';

const layout = tenantLayout('/var/lib/chp', 'smith');
const config = JSON.stringify({
  gateway: { port: 18789, bind: 'loopback' },
  logging: { file: `${layout.logs}/own.log` },
  agents: { defaults: { workspace: `${layout.home}/workspace` } },
  channels: { telegram: { botToken: '${TOKEN}', enabled: true }, discord: { enabled: false } },
  hooks: { enabled: true },
  cron: { enabled: true },
  bindings: [],
});

test('what is tried beside the family has a place and a port of its own, and nobody to talk to', () => {
  const tried = JSON.parse(scratchConfig(config, layout, '/tmp/warm', 40_000));
  expect(tried).toEqual({
    gateway: { port: 40_000, bind: 'loopback' },
    logging: { file: '/tmp/warm/own.log' },
    agents: { defaults: { workspace: '/tmp/warm/home/workspace' } },
  });
});

test('a rehearsal keeps the channels, muted, and does nothing by itself', () => {
  const muted = JSON.parse(mutedConfig(config, 40_000));
  expect(muted.channels).toEqual({ telegram: { botToken: '${TOKEN}', enabled: false }, discord: { enabled: false } });
  expect(muted.gateway.port).toBe(40_000);
  for (const key of ['hooks', 'cron', 'bindings']) expect(muted).not.toHaveProperty(key);
  expect(JSON.parse(mutedConfig('{"gateway": {}}', 1))).not.toHaveProperty('channels');
});
