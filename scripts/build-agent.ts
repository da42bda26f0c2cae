import { buildAgentFiles } from '../src/adapters/agent/bundle.ts';

/** `node scripts/build-agent.ts [DIR]`: the programs that chp puts on hosts, for the published package. */
const { agent, demoModel } = await buildAgentFiles(process.argv[2] ?? 'dist/host');
for (const { path, digest } of [agent, demoModel]) console.log(`${digest}  ${path}`);
