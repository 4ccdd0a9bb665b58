import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLineFile } from '../../src/cli/line-file.ts';
import { exportLetters } from '../../src/runtime/letters/index.ts';
import { applyTopics } from '../../src/runtime/topics/index.ts';
import { type Stack, startStack } from '../../stack/index.ts';
import { openServices } from '../support/open-services.ts';
import { replayApp } from '../support/replay-app.ts';
import { writeLetters } from '../support/replay-letters.ts';
import { asOperator } from '../support/replay-scene.ts';
import { freshName } from '../support/scenario.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const LETTERS = 50_000;
/** The file is some 60 MB; what is held of it at once is not. */
const MOST_HEAP_BYTES = 48 * 1_048_576;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ quiet: true });
  Object.assign(process.env, stack.env);
});
afterAll(async () => {
  await stack.stop();
});

test('50,000 dead letters are exported with flat memory, each once', async () => {
  const app = replayApp(freshName('export50k'));
  const services = await openServices(app);
  await applyTopics(app, services.backend.broker.admin, {});
  await writeLetters(services.backend, app.name, LETTERS);
  const to = join(temporaryFolder('export'), 'letters.ndjson');
  const heaps: number[] = [];
  const beganAt = performance.now();
  await asOperator(app, services, 'ana', async (parts) => {
    const file = await openLineFile(to);
    for await (const { lines } of exportLetters(parts, {})) {
      await file.write(lines.map((line) => JSON.stringify(line)));
      if (heaps.length % 10 === 0) globalThis.gc?.();
      heaps.push(process.memoryUsage().heapUsed);
    }
    await file.finish();
  });
  const tookMs = Math.round(performance.now() - beganAt);
  const least = Math.min(...heaps);
  const [early = 0] = heaps.slice(10);
  const late = Math.min(...heaps.slice(-10));
  console.log(JSON.stringify({ tookMs, most: Math.max(...heaps) - least, early, late }));
  const lines = readFileSync(to, 'utf8').trimEnd().split('\n');
  expect(new Set(lines.map((line) => JSON.parse(line).position)).size).toBe(LETTERS);
  // What is left when the garbage is gone does not grow with what was exported.
  expect(late - Math.min(...heaps.slice(0, 20))).toBeLessThan(MOST_HEAP_BYTES);
  await services.close();
});
