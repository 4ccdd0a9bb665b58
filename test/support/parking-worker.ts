import { start } from '../../src/index.ts';
import { die } from './die.ts';
import { openServices } from './open-services.ts';
import { dyingWhileParking, isParkingCrash, parkingApp } from './parking-crashes.ts';

// A worker that kills itself (SIGKILL, as the kernel would) while it parks a key, or while a parked key waits.
const point = process.env['CRASH_POINT'] ?? '';
if (!isParkingCrash(point)) throw new Error(`CRASH_POINT ${point} is none`);

const { app } = parkingApp(process.env['CRASH_NS'] ?? '', process.env['CRASH_FILE'] ?? '', () => {
  if (point === 'while its waiting head runs again') die();
});
const services = await openServices(app);
await start(app, {
  backend: dyingWhileParking(services.backend, point, die),
  engine: { sessionTimeoutMs: 6_000, commitEveryMs: 3_000 },
});
process.send?.('ready');
