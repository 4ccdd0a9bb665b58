import { expect, test } from 'vitest';
import type { JobEvent } from '../../../../src/core/generated/job-event.ts';
import { JOB_EVENT_TYPES } from '../../../../src/core/job-event.ts';
import { COLUMNS } from '../../../../src/telemetry/projection/layout.ts';
import { jobEvent } from '../../../support/job-events.ts';
import { ask, freshPath, numbered, projectionWorld } from './world.ts';

const camelCase = (name: string): string =>
  name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** A column as text that JSON of the event has too. */
const asText = COLUMNS.map(({ name, kind }) => {
  if (kind === 'time') return `epoch_ms("${name}")::VARCHAR`;
  return kind === 'texts' || kind === 'numbers' ? `to_json("${name}")::VARCHAR` : `"${name}"::VARCHAR`;
});

const textOf = (value: unknown): string | null => {
  if (value === null) return null;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
};

const expectedRow = (event: JobEvent): readonly (string | null)[] => {
  const fields = new Map<string, unknown>(Object.entries(event));
  return COLUMNS.map(({ name }) => textOf(fields.get(camelCase(name)) ?? null));
};

const FULL: Partial<JobEvent> = {
  causationId: 'e3f1a3c6-1f4b-4b7e-9a35-7d8c9b0a1c2d',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  executionId: '9d2f1c6e-54c9-4f0a-8c7e-3f6a5b4c2d1e',
  queueWaitMs: 0,
  runMs: 2 ** 31,
  latenessMs: -5,
  dueAt: Date.UTC(2026, 9, 1, 13),
  errorMessage: 'coração partido, '.repeat(20),
  fence: 1_790_000_000_000_001,
  costMicros: -(2 ** 45) - 7,
  costCurrency: 'EUR',
  dimensions: { marketplace: 'mercado livre', 'a key of more than twelve bytes': 'ação', empty: '' },
  metrics: { error_rate: 0.125, records_total: 12_345_678.5 },
};

const projectedRows = async (events: readonly JobEvent[]) => {
  const path = await freshPath();
  const { tell, project } = await projectionWorld();
  await tell(events);
  await project(path);
  return ask(path, `SELECT ${asText.join(', ')} FROM job_events ORDER BY record_offset`);
};

test('a row has every field of its event, as it was told', async () => {
  const events = JOB_EVENT_TYPES.map((type, index) =>
    jobEvent(type, { eventId: numbered(index).eventId, ...(index % 2 === 0 ? FULL : {}) }),
  );
  expect(await projectedRows(events)).toEqual(events.map(expectedRow));
});

test('identifiers that are no UUIDs are kept as they are, whatever a foreign producer wrote', async () => {
  const odd = ['', 'order-77', 'É', 'A'.repeat(3_000), '9D2F1C6E-54C9-4F0A-8C7E-3F6A5B4C2D1E'];
  const events = odd.map((id, index) =>
    numbered(index, {
      eventId: `event ${id}`,
      jobId: id,
      correlationId: id,
      causationId: id,
      executionId: id,
    }),
  );
  expect(await projectedRows(events)).toEqual(events.map(expectedRow));
});

test('rows of one job have one key, also where its identifier is no UUID', async () => {
  const path = await freshPath();
  const { tell, project } = await projectionWorld();
  await tell([1, 2, 3].map((index) => numbered(index, { jobId: index === 3 ? 'order-78' : 'order-77' })));
  await project(path);
  const keys = await ask(path, 'SELECT count(*) FROM job_events GROUP BY job_key ORDER BY 1');
  expect(keys).toEqual([['1'], ['2']]);
});

test('rows beyond one chunk keep their texts, maps and nulls apart', async () => {
  const events = Array.from({ length: 5_000 }, (_, index) =>
    numbered(index, {
      jobId: numbered(index % 40).eventId,
      userId: index % 3 === 0 ? null : `a user with the number ${index}`,
      dimensions: index % 5 === 0 ? { [`key ${index}`]: `value ${index}`, region: `region of ${index}` } : {},
      metrics: index % 7 === 0 ? { [`number of ${index}`]: index + 0.5 } : {},
    }),
  );
  expect(await projectedRows(events)).toEqual(events.map(expectedRow));
});
