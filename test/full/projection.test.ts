import { statSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openProjectionStore } from '../../src/telemetry/projection/store.ts';
import { VIEWS } from '../../src/telemetry/projection/views.ts';
import { type Stack, startStack } from '../../stack/index.ts';
import { registerProjectSchemas } from '../support/open-services.ts';
import { madeEvents } from '../support/projection/made-events.ts';
import { askStore, CHECKSUM, projectionScene } from '../support/projection/scene.ts';
import { freshName } from '../support/scenario.ts';
import { pause, waitFor } from '../support/wait.ts';

const EVENTS = Number(process.env['TEST_PROJECTION_EVENTS'] ?? 1_000_000);
const KILLS = 10;
/** Small enough that ten kills come before the end. */
const COMMIT_WHEN_KILLED = Math.ceil(EVENTS / 50);
const MOST_BYTES = 120;
const LEAST_PER_CPU_SECOND = 30_000;
/** DuckDB's share, the filter, Node and three fetches; the store itself is not in it. */
const MOST_RSS_MB = 900;

/** Any view, in whole. */
const MOST_VIEW_MS = 1_000;
/** What has a row for each job or step is told in whole too, but is asked as its page says: by state, or for one job. */
const askedOf = (jobId: string): Readonly<Record<string, string>> => ({
  jobs: 'SELECT tenant_id, state, count(*), sum(duration_ms), sum(cost_micros) FROM jobs GROUP BY ALL',
  timeline: `FROM timeline WHERE job_id = '${jobId}'`,
});

/** How long each view takes, ms, the best of three; the longest first. */
const viewTimes = async (path: string) => {
  const store = await openProjectionStore(path, { readOnly: true });
  const connection = await store.connect();
  const best = async (sql: string): Promise<number> => {
    const runs: number[] = [];
    for (let run = 0; run < 3; run++) {
      const startedMs = performance.now();
      await connection.run(sql);
      runs.push(Math.round(performance.now() - startedMs));
    }
    return Math.min(...runs);
  };
  const [[jobId] = []] = (
    await connection.runAndReadAll('SELECT job_id FROM job_events LIMIT 1')
  ).getRowsJson();
  const inShort = askedOf(String(jobId));
  const times: { readonly view: string; readonly wholeMs: number; readonly askedMs: number }[] = [];
  for (const { name } of VIEWS) {
    const wholeMs = await best(`SELECT count(*), bit_xor(hash(v)) FROM ${name} AS v`);
    const asked = inShort[name];
    times.push({ view: name, wholeMs, askedMs: asked === undefined ? wholeMs : await best(asked) });
  }
  connection.closeSync();
  await store.close();
  return times.sort((a, b) => b.wholeMs - a.wholeMs);
};

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ quiet: true });
  Object.assign(process.env, stack.env);
  await registerProjectSchemas();
});
afterAll(async () => {
  await stack.stop();
});

test('a million events are projected fast and small, and ten kills on the way change nothing', async () => {
  const scene = await projectionScene(freshName('million'));
  const records = await scene.write(madeEvents(EVENTS));

  const undisturbed = await scene.project('whole');
  const report = await waitFor('the undisturbed run', () => undisturbed.report(), { timeoutMs: 300_000 });
  const path = scene.pathOf('whole');
  const bytes = statSync(path).size / EVENTS;
  const perCpuSecond = Math.round(records / (report.cpuMs / 1_000));
  console.log(JSON.stringify({ records, ...report, perCpuSecond, bytes: Math.round(bytes * 10) / 10 }));
  const [whole] = await askStore(path, CHECKSUM);
  expect(whole?.[0]).toBe(EVENTS);
  expect(report.taken).toBe(records);
  expect(bytes).toBeLessThan(MOST_BYTES);
  expect(perCpuSecond).toBeGreaterThan(LEAST_PER_CPU_SECOND);
  expect(report.maxRssMb).toBeLessThan(MOST_RSS_MB);

  const times = await viewTimes(path);
  console.log(JSON.stringify(times.slice(0, 8)));
  for (const { view, askedMs } of times) expect(askedMs, view).toBeLessThan(MOST_VIEW_MS);

  let taken = 0;
  for (let kill = 1; kill <= KILLS; kill++) {
    const child = await scene.project('killed', { commitRecords: COMMIT_WHEN_KILLED });
    await waitFor('some commits', () => child.taken() > COMMIT_WHEN_KILLED, {
      timeoutMs: 120_000,
      everyMs: 1,
    });
    // In the middle of reading, of appending, or of a commit: each time elsewhere.
    await pause((7 * kill) % 40);
    await child.kill();
    expect(child.report()).toBeUndefined();
    taken += child.taken();
  }
  console.log(JSON.stringify({ readBeforeKills: taken }));
  const last = await scene.project('killed');
  await waitFor('the run behind the kills', () => last.report(), { timeoutMs: 300_000 });
  expect(await askStore(scene.pathOf('killed'), CHECKSUM)).toEqual([whole]);
});
