import { start } from '../../src/index.ts';
import { floodsApp, floodsEngine } from './floods-app.ts';

// A worker process beside others, while tenants flood.
const { app } = floodsApp(process.env['FLOODS_NS'] ?? '', process.env['FLOODS_FILE'] ?? '');
const esteira = await start(app, { engine: floodsEngine });
process.once('SIGTERM', () => {
  void esteira.stop().then((clean) => process.exit(clean ? 0 : 1));
});
process.send?.('ready');
