/** One publisher among many. `node worker.ts DIR KEY.pem ID SAYS VERSION…`: says a line of JSON for each version. */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { FolderStore } from '../../../src/adapters/catalogue/folder.ts';
import { noMemory } from '../../../src/adapters/catalogue/memory.ts';
import { Publisher } from '../../../src/adapters/catalogue/publisher.ts';
import { ChpError } from '../../../src/core/errors.ts';
import { describeKey } from '../../../src/packs/seal.ts';
import { HOLDER, publicationOf } from '../../support/catalogue.ts';

const [dir = '', keyFile = '', id = '', says = '', ...versions] = process.argv.slice(2);
const privateKey = createPrivateKey(readFileSync(keyFile));
const trusted = describeKey(createPublicKey(privateKey));
const publisher = new Publisher(new FolderStore(dir, { ...HOLDER, pid: process.pid }), {
  trust: { keys: [trusted], memory: noMemory(), now: () => new Date() },
  privateKeys: [privateKey],
  url: 'http://packs.example',
  validDays: 30,
  failpoint: (step) => {
    if (process.env.CHP_FAILPOINT === step) process.kill(process.pid, 'SIGKILL');
  },
});
// All of a group begin in the same millisecond, whatever their start-up took.
while (Date.now() < Number(process.env.CHP_TEST_BEGIN_AT ?? 0));
for (const version of versions)
  try {
    await publisher.publish([publicationOf(id, version, { privateKey, trusted }, says)]);
    process.stdout.write(`${JSON.stringify({ version, won: true })}\n`);
  } catch (error) {
    const code = error instanceof ChpError ? error.code : String(error);
    process.stdout.write(`${JSON.stringify({ version, won: false, code })}\n`);
  }
