import { redactor } from '../../core/redact.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** One JSON line on standard output. Values of secrets that the process was given never show. */
export function log(level: LogLevel, event: string, fields: Record<string, unknown> = {}): void {
  if (level === 'debug' && process.env.CHP_WORKER_DEBUG !== '1') return;
  const line = { at: new Date().toISOString(), level, event, ...fields };
  process.stdout.write(`${redactor.text(JSON.stringify(line, errorsAsText))}\n`);
}

function errorsAsText(_key: string, value: unknown): unknown {
  return value instanceof Error ? `${value.name}: ${value.message}` : value;
}
