import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FirewallReading } from '../../../core/host-readings.ts';
import { run } from '../run.ts';
import type { Look } from './look.ts';

const TABLE = ['inet', 'chp'] as const;

interface NftObject {
  chain?: { name: string; policy?: string };
  set?: { name: string; elem?: (number | { range: [number, number] })[] };
  rule?: { chain: string };
}

/** What the kernel has loaded, beside what chp's own files say. */
export async function readFirewall({ host }: Look): Promise<FirewallReading> {
  const laid = laidRules(host.root);
  const enabled = await isEnabled();
  try {
    const { stdout, code } = await run('nft', ['-j', 'list', 'table', ...TABLE], { allowFailure: true });
    return { nft: true, loaded: code === 0 ? loadedRules(stdout) : null, laid, enabled };
  } catch {
    return { nft: false, loaded: null, laid, enabled };
  }
}

/** Pure. */
export function loadedRules(json: string): FirewallReading['loaded'] {
  const { nftables } = JSON.parse(json) as { nftables: NftObject[] };
  const ports = nftables.flatMap(({ set }) => (set?.name === 'open' ? (set.elem ?? []) : []));
  return {
    policy: nftables.find(({ chain }) => chain?.name === 'input')?.chain?.policy ?? 'none',
    open: ports.flatMap((port) => (typeof port === 'number' ? [port] : port.range)).sort((a, b) => a - b),
    rules: nftables.filter(({ rule }) => rule?.chain === 'input').length,
  };
}

function laidRules(root: string): FirewallReading['laid'] {
  const dir = join(root, 'agent', 'firewall');
  try {
    const table = readFileSync(join(root, 'agent', 'firewall.nft'), 'utf8');
    const files = readdirSync(dir).filter((name) => name.endsWith('.nft'));
    const open = files.flatMap((name) =>
      [...readFileSync(join(dir, name), 'utf8').matchAll(/\d+/g)].map(([port]) => Number(port)),
    );
    return { open: [...new Set(open)].sort((a, b) => a - b), rules: rulesIn(table) };
  } catch {
    return null;
  }
}

/** Lines of the input chain that are rules. Pure. */
export function rulesIn(table: string): number {
  const chain = /chain input \{\n([\s\S]*?)\n {2}\}/.exec(table)?.[1] ?? '';
  return chain.split('\n').filter((line) => !/^\s*(#|type )|^\s*$/.test(line)).length;
}

async function isEnabled(): Promise<boolean> {
  const state = await run('systemctl', ['is-enabled', 'chp-firewall.service'], { allowFailure: true }).catch(
    () => null,
  );
  return state?.stdout.trim() === 'enabled';
}
