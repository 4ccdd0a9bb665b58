import { start } from '../../src/index.ts';
import app from './control-app.ts';

// A worker process of the control scenario: works until SIGTERM.
const esteira = await start(app);
process.once('SIGTERM', () => {
  void esteira.stop().then((clean) => process.exit(clean ? 0 : 1));
});
process.send?.('ready');
