import type { DoctorRequest } from '../../../core/agent-protocol.ts';
import { ChpError } from '../../../core/errors.ts';
import { HOST_READINGS, type HostReadingName, type HostReadings, type Reading } from '../../../core/host-readings.ts';
import type { Host } from '../host.ts';
import type { Manager } from '../manager/manager.ts';
import { readFirewall } from './firewall.ts';
import { readChannels, readGateway, readSkills, readTurn } from './gateway.ts';
import { readInstallation, readTrees } from './installation.ts';
import { Look, Unread } from './look.ts';
import { readMachine, readPaths, readTimeSync, readUpdates } from './machine.ts';
import { readSecrets } from './secrets.ts';
import { readHistory, readServices } from './services.ts';
import { readDuties, readParts, readWorker } from './worker.ts';

type Readers = { [K in HostReadingName]: (look: Look) => Promise<HostReadings[K]> };

const READERS: Readers = {
  machine: readMachine,
  timeSync: readTimeSync,
  updates: readUpdates,
  firewall: readFirewall,
  paths: readPaths,
  services: readServices,
  history: readHistory,
  installation: readInstallation,
  trees: readTrees,
  secrets: readSecrets,
  gateway: readGateway,
  turn: readTurn,
  skills: readSkills,
  channels: readChannels,
  worker: readWorker,
  duties: readDuties,
  parts: readParts,
};

/** All at once, each with its own deadline; told as soon as it is there. */
export async function readForDoctor(
  host: Host,
  request: DoctorRequest & { tenant: string },
  manager: Manager,
  tell: (reading: Reading) => void,
): Promise<void> {
  await using look = new Look(host, request.tenant, manager, request);
  const readings = request.readings.map(async (name) => tell(await readOne(look, name)));
  await Promise.all(readings);
}

async function readOne(look: Look, name: HostReadingName): Promise<Reading> {
  const started = performance.now();
  const ms = (): number => Math.round(performance.now() - started);
  try {
    const value = await inTime(HOST_READINGS[name], () => (READERS[name] as (look: Look) => Promise<unknown>)(look));
    return { name, state: 'ok', value, ms: ms() };
  } catch (error) {
    const more = error instanceof ChpError && error.why ? `: ${error.why}` : '';
    const why = `${(error as Error).message}${more}`;
    if (!(error instanceof Unread)) return { name, state: 'failed', why, ms: ms() };
    return {
      name,
      state: error.root ? 'failed' : 'skipped',
      why,
      ms: ms(),
      ...(error.root ? { root: error.root } : {}),
    };
  }
}

async function inTime<T>(limitMs: number, work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ChpError('DEADLINE', `no answer within ${limitMs / 1000} s`)), limitMs);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}
