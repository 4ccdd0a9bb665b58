import { appendFileSync } from 'node:fs';
import { start } from '../../src/index.ts';
import { limitsApp } from './limits-app.ts';
import { openServices } from './open-services.ts';

// A worker whose jobs never end: it is there to be killed while it holds slots.
const file = process.env['LIMITS_FILE'] ?? '';
const { app } = limitsApp(process.env['LIMITS_NS'] ?? '', (_type, event) => {
  appendFileSync(file, `${event.paymentId}\n`);
  return new Promise<void>(() => undefined);
});
const { backend } = await openServices(app);
await start(app, { backend, queues: ['few'], engine: { sessionTimeoutMs: 6_000 } });
process.send?.('ready');
