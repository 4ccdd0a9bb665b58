import { z } from 'zod';
import { readEnvironment } from '../../src/config/index.ts';
import { start } from '../../src/index.ts';
import { AppShape } from './app-shape.ts';
import { benchApp } from './bench-app.ts';
import { answer, errorsOnly, onWord, readInput, say } from './channel.ts';
import { epochMs } from './epoch.ts';
import { performWork } from './perform-work.ts';

// Says of each job when it starts and when it has taken effect, so that one that is killed has told all it did.

const { shape, sessionTimeoutMs } = await readInput(
  z.object({ shape: AppShape, sessionTimeoutMs: z.number() }),
);
const app = benchApp(shape, (work, ctx) => {
  const { index, tenantId: key } = work;
  say({ step: 'started', index, key, atMs: epochMs() });
  return performWork(work, ctx, () => say({ step: 'done', index, key, atMs: epochMs() }));
});
const esteira = await start(app, {
  environment: { ...readEnvironment(), LOG_LEVEL: 'error', WORKER_MAX_CONCURRENT_JOBS: '100' },
  logTo: errorsOnly,
  engine: { sessionTimeoutMs },
});
onWord((word) => {
  if (word === 'stop') void esteira.stop().then(() => answer({ stopped: true }));
});
say('ready');
