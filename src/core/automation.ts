import type { Tenant } from './tenant/schema.ts';

/** Paths in a generation that has packs. */
export const WORKER_CONFIG_FILE = 'worker/worker.json';
export const packFile = (id: string): string => `packs/${id}.tgz`;
export const compiledPackFile = (id: string): string => `packs/${id}.json`;
/** What the host agent verifies the packs with, offline. */
export const PACK_SEALS_FILE = 'packs/seals.json';

/** Names of a generation's further trees. */
export const WORKER_TREE = 'worker';
export const TEMPORAL_TREE = 'temporal';

/** A tenant with packs has a worker. */
export const hasAutomation = ({ packs }: Pick<Tenant, 'packs'>): boolean => packs.length > 0;
