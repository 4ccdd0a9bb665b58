import { start } from '../../src/index.ts';
import app from './operated-app.ts';

// A worker process of the scenarios about operators: works until SIGTERM.
const esteira = await start(app);
process.once('SIGTERM', () => {
  void esteira.stop().then((clean) => process.exit(clean ? 0 : 1));
});
process.send?.('ready');
