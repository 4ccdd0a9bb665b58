import { systemClock } from '../../src/core/clock.ts';
import { silentLog } from '../../src/core/ports/log.ts';
import type { Backend } from '../../src/runtime/backend.ts';
import { createProjection } from '../../src/runtime/projection/projection.ts';
import type { ProjectionStore } from '../../src/telemetry/projection/store.ts';
import { waitFor } from './wait.ts';

type Row = readonly unknown[];

/** Asks a projection; numbers of any width come as numbers, all else as text. */
export type Ask = (sql: string) => Promise<readonly Row[]>;

const plain = (value: unknown): unknown =>
  typeof value === 'bigint' || typeof value === 'number'
    ? Number(value)
    : value === null
      ? null
      : String(value);

const askIn =
  (store: ProjectionStore): Ask =>
  async (sql) => {
    const connection = await store.connect();
    try {
      const reader = await connection.runAndReadAll(sql);
      return reader.getRows().map((row) => row.map(plain));
    } finally {
      connection.closeSync();
    }
  };

/** Reads the telemetry of an app into a projection in memory, to its end, and asks it. */
export const projected = async <T>(
  app: string,
  { broker, serde }: Pick<Backend, 'broker' | 'serde'>,
  question: (ask: Ask) => Promise<T>,
): Promise<T> => {
  let open: ProjectionStore | undefined;
  const projection = createProjection({
    ...{ app, broker, serde, clock: systemClock, log: silentLog, path: ':memory:', retentionMs: 86_400_000 },
    beside: async (store) => {
      open = store;
      return { close: async () => undefined };
    },
  });
  await projection.start();
  try {
    const store = await waitFor('the projection to catch up', () => projection.lag().records === 0 && open);
    return await question(askIn(store));
  } finally {
    await projection.stop();
  }
};
