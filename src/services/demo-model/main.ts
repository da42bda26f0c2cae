import { demoModel } from './server.ts';

const port = Number(process.env.CHP_DEMO_PORT);
if (!Number.isInteger(port) || port < 1 || port > 65535) {
  process.stderr.write('CHP_DEMO_PORT must be a port number\n');
  process.exit(2);
}
const server = demoModel().listen(port, '127.0.0.1');
process.once('SIGTERM', () => server.close(() => process.exit(0)).closeAllConnections());
