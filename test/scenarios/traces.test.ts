import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { trace } from '@opentelemetry/api';
import { afterAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { invoice } from '../support/invoices.ts';
import { freshName, startScenario } from '../support/scenario.ts';
import { scenarioApp, scenarioEvent, TENANTS } from '../support/scenario-app.ts';
import { type SpanReceiver, startSpanReceiver } from '../support/span-receiver.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait.ts';
import { decodeTraces } from '../unit/telemetry/otlp-protobuf.ts';

// Promise: spans leave for a receiver over OTLP; one that is killed, or takes them and never answers, holds up no job,
// fills no memory, and is told in a few lines.
const ns = freshName('traces');
const ledger = join(temporaryFolder('traces'), 'ledger');
writeFileSync(ledger, '');
const EACH = 300;
const QUEUE = 1_024;
const BATCH = 128;

const receivers: SpanReceiver[] = [];
const receive = async (...given: Parameters<typeof startSpanReceiver>): Promise<SpanReceiver> => {
  const receiver = await startSpanReceiver(...given);
  receivers.push(receiver);
  return receiver;
};
afterAll(() => Promise.all(receivers.map((receiver) => receiver.kill())));

const Request = z.object({
  resourceSpans: z.array(
    z.object({ scopeSpans: z.array(z.object({ spans: z.array(z.object({ name: z.string() })) })) }),
  ),
});
const namesAt = (receiver: SpanReceiver): readonly string[] =>
  receiver.bodies
    .flatMap((body) => Request.parse(decodeTraces(body)).resourceSpans)
    .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans.map(({ name }) => name)));

test('a receiver of spans that answers, is killed, and then is deaf, is of no concern to the jobs', async () => {
  const first = await receive();
  const environment: Record<string, string> = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${first.port}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    ...{
      OTEL_EXPORTER_OTLP_TIMEOUT: '1000',
      OTEL_BSP_SCHEDULE_DELAY: '100',
      OTEL_BSP_EXPORT_TIMEOUT: '1000',
    },
    ...{ OTEL_BSP_MAX_QUEUE_SIZE: String(QUEUE), OTEL_BSP_MAX_EXPORT_BATCH_SIZE: String(BATCH) },
    ...{ LOG_LEVEL: 'warn', WORKER_SHUTDOWN_GRACE_SECONDS: '1' },
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  const lines: string[] = [];
  const scenario = await startScenario(scenarioApp({ ns, ledger }), {
    environment: { ...process.env, ...environment },
    logTo: { write: (line) => lines.push(line) },
  });
  const completed = (): number => scenario.toldOf('job.completed').length;
  let published = 0;
  /** Publishes some, and waits for their jobs; how long that took, ms. */
  const work = async (): Promise<number> => {
    const startedMs = performance.now();
    const upTo = published + EACH;
    const events = Array.from({ length: EACH }, () => invoice(`p-${published++}`));
    await Promise.all(
      events.map((event, index) =>
        scenario.esteira.publish(scenarioEvent(ns), event, { tenant: TENANTS[index % TENANTS.length] ?? '' }),
      ),
    );
    await waitFor('the jobs', () => completed() >= upTo, { timeoutMs: 20_000 });
    return performance.now() - startedMs;
  };
  const withReceiverMs = await work();
  await waitFor('spans of both ends', () =>
    ['send', 'process'].every((what) => namesAt(first).includes(`${what} ${ns}.billing.events`)),
  );
  await first.kill();
  // More at once than may wait, whatever the pace of the machine.
  const span = (): void => trace.getTracer('app').startSpan('burst').end();
  for (let index = 0; index < 10 * QUEUE; index += 1) span();
  const killedMs = await work();
  // What was dropped is said with the next span that there is room for.
  const dropped = await waitFor('the drop to be said', () => {
    span();
    return /Dropped (\d+) spans/.exec(lines.join(''))?.[1];
  });
  const deaf = await receive(first.port, 'deaf');
  const deafMs = await work();
  await waitFor('the deaf one to be asked', () => deaf.bodies.length > 0);
  await scenario.close();

  // Nothing waits beyond the queue and the batch that is on its way.
  expect(Number(dropped)).toBeGreaterThanOrEqual(9 * QUEUE - BATCH);
  expect(new Set(readFileSync(ledger, 'utf8').trim().split('\n')).size).toBe(3 * EACH);
  // Neither waits for an export, which takes a second here.
  expect(Math.max(killedMs, deafMs)).toBeLessThan(5 * withReceiverMs + 1_000);
  // The last spans have four seconds, and the stop goes on without them.
  expect(lines.filter((line) => /shutdown step (?:late|failed).*shut telemetry down/.test(line))).toEqual([]);
  const complaints = lines.filter((line) => /opentelemetry|tracing/.test(line));
  expect(complaints.length).toBeGreaterThanOrEqual(1);
  expect(complaints.length).toBeLessThanOrEqual(4);
  expect(complaints.join('')).not.toContain('node_modules');
});
