import { expect, test } from 'vitest';
import { z } from 'zod';
import {
  defineApp,
  defineJob,
  HTTPTelemetryEmitter,
  JobEvent,
  knownTenants,
  type MarketplacePayload,
  MetricsCollector,
  marketplaceKey,
} from '../../src/index.ts';
import { freshName, startScenario } from '../support/scenario.ts';
import { waitFor } from '../support/wait.ts';
import { openLake, status } from '../unit/telemetry/emitters/lake.ts';

const JOBS = 300;
const REGIONS = ['br-sp', 'br-rj', 'br-mg'] as const;

// Promise: all events of a job are under its marketplace's key; what it counted and cost is told of each attempt, once;
// a lake that is down meanwhile loses nothing within its bound, and holds no job up.
test('jobs are told by marketplace, with their quality and cost, to the topic and to a lake that fails', async () => {
  const ns = freshName('lake');
  const { lake, requests, url } = await openLake();
  const accepted: MarketplacePayload[] = [];
  const down = status(503);
  const up: typeof lake.answer = (response, { body }) => {
    accepted.push(...JSON.parse(body));
    response.writeHead(204).end();
  };
  lake.answer = down;
  const validate = defineJob({
    ...{ type: 'validate', kind: 'reactive', order: 'none' },
    payload: z.object({ region: z.string(), rows: z.number() }),
    dimensions: ({ region }) => ({ marketplace: 'meli', category: 'shoes', region }),
    cost: { currency: 'BRL', perAttempt: 0.01, per: { lookup: 0.002 } },
    retry: { attempts: 2, backoff: '100ms' },
    run: ({ rows }, ctx) => {
      const metrics = new MetricsCollector(ctx);
      metrics.valid(rows - 1);
      metrics.error('price');
      ctx.addCost('lookup', rows);
      if (rows % 10 === 0 && ctx.attempt === 1) throw new Error('made to fail once');
    },
  });
  const app = defineApp({
    ...{ name: ns, events: [], jobs: [validate], tenants: knownTenants(['acme', 'globex']) },
    ...{ tiers: ['100ms'], partitions: 3, telemetryKey: marketplaceKey },
    emitters: [
      (parts) =>
        new HTTPTelemetryEmitter(parts, {
          ...{ url, payload: 'marketplace', batch: { events: 100, wait: '50ms' } },
          backoff: { first: '50ms', longest: '200ms' },
        }),
    ],
  });
  const scenario = await startScenario(app);
  try {
    const numbers = Array.from({ length: JOBS }, (_, at) => at);
    await Promise.all(
      numbers.map((at) =>
        scenario.esteira.dispatch(
          validate,
          { region: REGIONS[at % 3] ?? '', rows: (at % 20) + 1 },
          { tenant: at % 2 === 0 ? 'acme' : 'globex' },
        ),
      ),
    );
    await scenario.esteira.idle({ timeoutMs: 60_000 });
    expect([accepted.length, requests.length > 2]).toEqual([0, true]); // all done, while the lake was down
    const told = await Promise.all(
      (await scenario.records(`${ns}.telemetry.jobs`)).map(async ({ key, value, partition }) => {
        const decoded = await scenario.esteira.backend.serde.decode(JobEvent, value);
        if (!decoded.ok) throw new Error(decoded.detail);
        return { key: key?.toString(), partition, event: decoded.value };
      }),
    );
    for (const { key, event } of told) expect(key).toBe(`meli:shoes:${event.dimensions['region']}`);
    const partitions = REGIONS.map(
      (region) =>
        new Set(told.filter(({ key }) => key?.endsWith(region)).map(({ partition }) => partition)).size,
    );
    expect(partitions).toEqual([1, 1, 1]);

    const byId = new Map(told.map(({ event }) => [event.eventId, event]));
    const sum = (of: (event: JobEvent) => number): number =>
      [...byId.values()].reduce((total, event) => total + of(event), 0);
    const rowsOf = (at: number): number => (at % 20) + 1;
    const attempts = numbers.flatMap((at) =>
      rowsOf(at) % 10 === 0 ? [rowsOf(at), rowsOf(at)] : [rowsOf(at)],
    );
    const rows = attempts.reduce((total, one) => total + one, 0);
    expect(sum(({ costMicros }) => costMicros ?? 0)).toBe(attempts.length * 10_000 + rows * 2_000);
    expect(sum(({ metrics }) => metrics['records_total'] ?? 0)).toBe(rows);
    expect(sum(({ metrics }) => metrics['errors_by_field.price'] ?? 0)).toBe(attempts.length);

    lake.answer = up;
    const failed = attempts.length - JOBS;
    const expected = 2 * attempts.length + failed; // started, completed or failed, and retrying
    await waitFor('the lake to have all', () => accepted.length >= expected);
    const ids = new Set(accepted.map(({ event_id }) => event_id));
    expect(ids.size).toBe(expected);
    expect([...ids].filter((id) => !byId.has(id))).toEqual([]);
    expect(accepted.filter(({ event }) => event === 'job.retrying')).toHaveLength(failed);
  } finally {
    await scenario.close();
  }
});
