import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import proto from '@temporalio/proto';

/** Runs as a Temporal server kept them: recorded by `npm run histories`, replayed by every version from then on. */
export const HISTORIES = fileURLToPath(new URL('../histories', import.meta.url));
export const HISTORY_TENANT = 'smith';
/** Encrypts what is recorded. It is no secret: it protects nobody. */
export const HISTORY_KEY = Buffer.from('chp test histories: not a secret').toString('base64');

export interface SavedHistory {
  /** Of the file, without `.json`. */
  name: string;
  workflowId: string;
  history: proto.temporal.api.history.v1.IHistory;
}

export const savedHistories = (): SavedHistory[] =>
  readdirSync(HISTORIES)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => historyOf(file.slice(0, -5), readFileSync(join(HISTORIES, file), 'utf8')));

export function historyOf(name: string, text: string): SavedHistory {
  const { workflowId, history } = JSON.parse(text) as { workflowId: string; history: object };
  return { name, workflowId, history: proto.temporal.api.history.v1.History.fromObject(history) };
}
