import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { JobEvent } from '../../src/core/generated/job-event.ts';
import { JOB_EVENT_TYPES } from '../../src/core/job-event.ts';
import { richRun } from '../support/rich-telemetry.ts';
import { codesIn, table, textOf } from '../support/telemetry-page.ts';

const CHAPTER = 'Which type has which';
const WORDS: Readonly<Record<string, string>> = { '●': 'always', '○': 'sometimes', '': 'never' };

const optional = z
  .object({ fields: z.array(z.looseObject({ name: z.string(), default: z.unknown().optional() })) })
  .parse(JobEvent.schema)
  .fields.filter((field) => 'default' in field)
  .map(({ name }) => name);

const [heads = [], ...rows] = table(CHAPTER);
const types = heads.slice(1).map((head) => `job.${head}`);
/** What the page says: always, sometimes or never, by field and type. */
const cells = rows.flatMap(([field = '', ...marks]) =>
  marks.map((mark, at) => ({ field: codesIn(field)[0] ?? '', type: types[at] ?? '', says: WORDS[mark] })),
);

const isEmptyMap = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;
const isSaid = (event: JobEvent, field: string): boolean => {
  const value: unknown = Reflect.get(event, field);
  return value !== null && !isEmptyMap(value);
};

test('the page says of every optional field which types have it, or that it is the job that decides', () => {
  const ofJob = codesIn(textOf(CHAPTER)).filter((word) => optional.includes(word));
  expect([...rows.map(([field = '']) => codesIn(field)[0]), ...ofJob].sort()).toEqual([...optional].sort());
  expect(types).toEqual([...JOB_EVENT_TYPES]);
  expect(cells.filter(({ says }) => says === undefined)).toEqual([]);
});

describe('real events, of a run in which everything happens that is told', () => {
  let running: Promise<readonly JobEvent[]> | undefined;
  /** One run for all tests. */
  const toldEvents = (): Promise<readonly JobEvent[]> => {
    running ??= richRun().then(({ events }) => events);
    return running;
  };

  test('are of every type', async () => {
    const events = await toldEvents();
    const told = new Set(events.map(({ type }) => type));
    expect(JOB_EVENT_TYPES.filter((type) => !told.has(type))).toEqual([]);
  });

  test('have what the page says that their type always has, and nothing that it never has', async () => {
    const events = await toldEvents();
    const wrong = cells.flatMap(({ field, type, says }) =>
      events
        .filter((event) => event.type === type)
        .filter((event) =>
          says === 'always' ? !isSaid(event, field) : says === 'never' && isSaid(event, field),
        )
        .map(({ reason }) => `${type} ${reason ?? ''}: ${field} is said to be there ${says}`),
    );
    expect([...new Set(wrong)]).toEqual([]);
  });

  test('have now and then what the page says that they sometimes have', async () => {
    const events = await toldEvents();
    const never = cells
      .filter(({ says }) => says === 'sometimes')
      .filter(({ field, type }) => !events.some((event) => event.type === type && isSaid(event, field)))
      .map(({ field, type }) => `${type}: ${field}`);
    expect(never).toEqual([]);
  });

  test('belong to their job in what the page says that stands on all of them alike', async () => {
    const events = await toldEvents();
    for (const jobId of new Set(events.map((event) => event.jobId))) {
      const ofJob = events.filter((event) => event.jobId === jobId);
      for (const field of ['userId', 'causationId', 'traceparent', 'correlationId', 'className'])
        expect([...new Set(ofJob.map((event) => Reflect.get(event, field)))], field).toHaveLength(1);
    }
  });
});
