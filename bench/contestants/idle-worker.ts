import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { readEnvironment } from '../../src/config/index.ts';
import { start } from '../../src/index.ts';
import { AppShape } from './app-shape.ts';
import { benchApp } from './bench-app.ts';
import { answer, errorsOnly, readInput } from './channel.ts';
import { epochMs } from './epoch.ts';

// A worker and its relays with nothing to do.

const { shape, settleMs, watchMs } = await readInput(
  z.object({ shape: AppShape, settleMs: z.number(), watchMs: z.number() }),
);
const esteira = await start(benchApp(shape), {
  environment: { ...readEnvironment(), LOG_LEVEL: 'warn' },
  logTo: errorsOnly,
});
await pause(settleMs);
const fromMs = epochMs();
const fromCpu = process.cpuUsage();
await pause(watchMs);
const { user, system } = process.cpuUsage(fromCpu);
const cpuPercent = (user + system) / 10 / (epochMs() - fromMs);
await esteira.stop();
answer({ cpuPercent });
