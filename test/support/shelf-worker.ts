import { start } from '../../src/index.ts';
import { die } from './die.ts';
import { openServices } from './open-services.ts';
import { CONCURRENCY, dyingWithShelf, isShelfDeath, shelfApp } from './shelf-app.ts';

// A worker that kills itself (SIGKILL, as the kernel would) with events on a shelf that it has not told.
const death = process.env['SHELF_DEATH'] ?? '';
if (!isShelfDeath(death)) throw new Error(`SHELF_DEATH ${death} is none`);
const { app } = shelfApp(process.env['SHELF_NS'] ?? '', process.env['SHELF_FILE'] ?? '');
const services = await openServices(app);
await start(app, {
  environment: { ...process.env, WORKER_MAX_CONCURRENT_JOBS: `${CONCURRENCY}` },
  backend: dyingWithShelf(services.backend, death, die),
  engine: { sessionTimeoutMs: 6_000, commitEveryMs: 3_000 },
});
process.send?.('ready');
