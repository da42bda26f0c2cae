import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { TEST_CACHE } from './runtime-bundle.ts';

/** An AWS endpoint on loopback. */
export interface TestAws {
  /** Endpoint, region and credentials. */
  env: NodeJS.ProcessEnv;
  stop(): Promise<void>;
}

/** One request at a time, so that a conditional write is atomic, as it is in S3: moto looks first and writes then. */
const PROGRAM = `
import sys
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, run_simple
WSGIRequestHandler.protocol_version = "HTTP/1.0"
run_simple("127.0.0.1", int(sys.argv[1]), DomainDispatcherApplication(create_backend_app), threaded=False)
`;

export async function startMoto(): Promise<TestAws> {
  // A virtual environment that scripts/test-parts.js makes.
  const python = join(TEST_CACHE, 'moto', 'bin', 'python');
  if (!existsSync(python)) throw new Error('moto is not there: `npm test` gets it');
  const port = await freePort();
  const server = spawn(python, ['-c', PROGRAM, String(port)], { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  server.stderr.on('data', (text) => {
    log = (log + text).slice(-4000);
  });
  const endpoint = `http://127.0.0.1:${port}`;
  await answers(`${endpoint}/moto-api/`, server, () => log);
  return {
    env: {
      ...process.env,
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    },
    async stop() {
      if (server.exitCode !== null) return;
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGKILL');
      await ended;
    },
  };
}

async function answers(url: string, server: ChildProcess, log: () => string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (server.exitCode !== null) throw new Error(`moto ended:\n${log()}`);
    if (await fetch(url).catch(() => null)) return;
    await sleep(100);
  }
  throw new Error(`moto does not answer:\n${log()}`);
}
