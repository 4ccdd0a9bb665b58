import { start } from '../../src/index.ts';
import { detachApp } from './detach-app.ts';
import { openServices } from './open-services.ts';

// A worker whose long job never ends, so that it can be killed in it.
const { DETACH_NS = '', DETACH_FILE = '' } = process.env;
const { app } = detachApp(DETACH_NS, DETACH_FILE, () => new Promise(() => undefined));
const services = await openServices(app);
await start(app, { backend: services.backend, engine: { sessionTimeoutMs: 6_000 } });
process.send?.('ready');
