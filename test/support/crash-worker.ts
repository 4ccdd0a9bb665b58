import { start } from '../../src/index.ts';
import { crashApp, dyingBackend, isCrashPoint } from './crash-points.ts';
import { die } from './die.ts';
import { openServices } from './open-services.ts';

// A worker that kills itself (SIGKILL, as the kernel would) at one point of one job.
const point = process.env['CRASH_POINT'] ?? '';
if (!isCrashPoint(point)) throw new Error(`CRASH_POINT ${point} is none`);

const dieAt = (at: string) => (): void => {
  if (at === point) die();
};

const { app } = crashApp(
  process.env['CRASH_NS'] ?? '',
  process.env['CRASH_FILE'] ?? '',
  dieAt('in the handler'),
  dieAt('after the effect'),
);
const services = await openServices(app);
await start(app, {
  backend: dyingBackend(services.backend, point, die),
  queues: ['default'],
  engine: { sessionTimeoutMs: 6_000, commitEveryMs: 3_000 },
});
process.send?.('ready');
