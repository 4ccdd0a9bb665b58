import type { JobEvent } from '../../../src/core/generated/job-event.ts';
import type { JobEventType } from '../../../src/core/job-event.ts';
import { COLUMNS, type Column } from '../../../src/telemetry/projection/layout.ts';
import { openProjectionStore, type ProjectionStore } from '../../../src/telemetry/projection/store.ts';
import { jobEvent } from '../job-events.ts';

/** An event of the made-up set: what differs from a first attempt of job 1. */
export interface MadeUp extends Partial<JobEvent> {
  readonly type: JobEventType;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A UUID that is easy to tell from others. */
export const uuid = (number: number): string =>
  `00000000-0000-5000-8000-${number.toString(16).padStart(12, '0')}`;

const text = (value: unknown): string => `'${String(value).replaceAll("'", "''")}'`;

const fieldOf = (event: JobEvent, { name }: Column): unknown => {
  const camel = name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return Object.entries(event).find(([field]) => field === camel)?.[1];
};

const map = (value: unknown): string => {
  const entries = Object.entries(value ?? {});
  return entries.length === 0
    ? 'MAP {}'
    : `MAP {${entries.map(([key, one]) => `${text(key)}: ${typeof one === 'number' ? `${one}::DOUBLE` : text(one)}`).join(', ')}}`;
};

const literal = (column: Column, value: unknown): string => {
  if (value === null || value === undefined) return 'NULL';
  switch (column.kind) {
    case 'time':
      return `make_timestamptz(${Number(value) * 1_000})`;
    case 'texts':
    case 'numbers':
      return map(value);
    case 'int':
    case 'long':
      return String(value);
    default:
      return text(value);
  }
};

const insertOf = (event: JobEvent, offset: number): string => {
  const cells = COLUMNS.flatMap((column): readonly (readonly [string, string])[] => {
    const value = fieldOf(event, column);
    const isOdd = column.kind === 'uuid' && value !== null && !UUID.test(String(value));
    return [[isOdd ? `${column.name}_text` : column.name, literal(column, value)]];
  });
  const all = [...cells, ['partition', '0'], ['record_offset', String(offset)], ['batch', '1']];
  return `INSERT INTO events (${all.map(([name]) => `"${name}"`).join(', ')}) VALUES (${all.map(([, value]) => value).join(', ')})`;
};

/** A store that holds these events, each with an id of its own unless it says one. */
export const storeOf = async (events: readonly MadeUp[], path = ':memory:'): Promise<ProjectionStore> => {
  const store = await openProjectionStore(path);
  const connection = await store.connect();
  await connection.run('BEGIN');
  for (const [index, { type, ...told }] of events.entries()) {
    const ids = { eventId: uuid(0xe000 + index), jobId: uuid(1), correlationId: uuid(0xc000) };
    await connection.run(insertOf(jobEvent(type, { ...ids, ...told }), index));
  }
  await connection.run('COMMIT');
  connection.closeSync();
  return store;
};
