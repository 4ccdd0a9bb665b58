import { start } from '../../src/index.ts';
import { die } from './die.ts';
import { openServices } from './open-services.ts';
import { dyingWhileMoving, surplusApp } from './surplus-app.ts';

// A worker that kills itself (SIGKILL, as the kernel would) in the middle of moving a flood aside.
const { app } = surplusApp(process.env['CRASH_NS'] ?? '', process.env['CRASH_FILE'] ?? '');
const services = await openServices(app);
await start(app, {
  backend: dyingWhileMoving(services.backend, Number(process.env['CRASH_COPIES']), die),
  engine: { sessionTimeoutMs: 6_000, commitEveryMs: 3_000 },
});
process.send?.('ready');
