import { canonicalJson } from './digest.ts';
import { ChpError } from './errors.ts';
import type { AuditEntry, AuditHead } from './ports/registry.ts';

/** A whole chain as it leaves the registry; enough to verify it offline. */
export interface AuditExport {
  entries: AuditEntry[];
  head: AuditHead | null;
  /** PEM. Whoever verifies compares their ids with ids had from elsewhere. */
  publicKeys: string[];
}

const FORMAT = 'chp-audit';

/** JSON Lines: one header (format, public keys, head), then one entry a line, oldest first. */
export function writeAuditExport({ entries, head, publicKeys }: AuditExport): string {
  const header = { format: FORMAT, version: 1, publicKeys, head };
  return [header, ...entries].map((line) => `${canonicalJson(line)}\n`).join('');
}

/** @throws ChpError BAD_INPUT where the text is not such an export. Says nothing about the chain: see `verifyAudit`. */
export function readAuditExport(text: string): AuditExport {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const [header, ...entries] = lines.map((line, index) => parseLine(line, index + 1));
  if (!header || header.format !== FORMAT || !Array.isArray(header.publicKeys))
    throw notAnExport('its first line is no header');
  if (header.version !== 1) throw notAnExport(`it has version ${String(header.version)}, this chp reads version 1`);
  return {
    entries: entries as unknown as AuditEntry[],
    head: (header.head ?? null) as AuditHead | null,
    publicKeys: header.publicKeys.map(String),
  };
}

function parseLine(line: string, number: number): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {}
  throw notAnExport(`line ${number} is no JSON object`);
}

function notAnExport(why: string): ChpError {
  return new ChpError('BAD_INPUT', `this is not an audit export: ${why}`, {
    next: ['Make one: chp audit export > audit.jsonl'],
  });
}
