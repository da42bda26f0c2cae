import { existsSync, readFileSync } from 'node:fs';
import { sha256 } from '../../../core/digest.ts';
import type { GatewayReading, HostReadings } from '../../../core/host-readings.ts';
import { channelCheck, type Seen, skillCheck, skillStates, turnCheck, type Verdict } from '../gateway-checks.ts';
import { runningVersion } from '../runtime.ts';
import { type Look, Unread } from './look.ts';

const ASK_MS = 5_000;

export async function readGateway(look: Look): Promise<GatewayReading> {
  const { manifest, layout } = look;
  const { port, version: wanted } = manifest.checks.gateway;
  const [gateway, services] = await Promise.all([look.gateway(), look.manager.status()]);
  const pid = services.find(({ name }) => name === 'gateway')?.pid ?? null;
  const [health, config] = (await Promise.all([
    gateway.call('health', {}, ASK_MS),
    gateway.call('config.get', {}, ASK_MS),
  ])) as [{ ok?: boolean; eventLoopDelayMs?: number }, { raw?: unknown; valid?: unknown }];
  const asked = performance.now();
  await gateway.call('health', {}, ASK_MS);
  return {
    healthy: health.ok === true,
    port,
    version: runningVersion(look.host.root, manifest.runtime.name, pid, port),
    wanted,
    config: config.valid === true && typeof config.raw === 'string' ? sha256(config.raw) : null,
    configFile: existsSync(layout.config) ? sha256(readFileSync(layout.config)) : null,
    answersMs: Math.round(performance.now() - asked),
    eventLoopDelayMs: typeof health.eventLoopDelayMs === 'number' ? health.eventLoopDelayMs : null,
  };
}

const verdict = (seen: Seen): Verdict => (typeof seen === 'string' ? { verdict: 'pass', detail: seen } : seen);

export async function readTurn(look: Look): Promise<HostReadings['turn']> {
  return verdict(await turnCheck(await look.session(), look.manifest.checks.turn));
}

export async function readSkills(look: Look): Promise<HostReadings['skills']> {
  const { skills } = look.manifest.checks;
  if (skills.length === 0) throw new Unread('it has no skills of its own');
  const states = await skillStates(await look.session());
  return skills.map((name) => ({ name, ...verdict(skillCheck(states, name)) }));
}

export async function readChannels(look: Look): Promise<HostReadings['channels']> {
  const { channels } = look.manifest.checks;
  if (channels.length === 0) throw new Unread('it has no channels');
  const session = await look.session();
  return Promise.all(
    channels.map(async (channel) => ({ id: channel.id, ...verdict(await channelCheck(session, channel)) })),
  );
}
