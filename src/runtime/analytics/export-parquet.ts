import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { writeParquet } from '../../telemetry/projection/parquet/write-parquet.ts';
import type { QueryColumn } from '../../telemetry/projection/query/run-query.ts';
import type { Projection } from './ask-projection.ts';
import { rowsIn, sqlTime } from './gather-rows.ts';

/** What to write where. */
export interface ParquetExport {
  readonly folder: string;
  /** From the beginning of that UTC day, epoch ms; default: all there is. */
  readonly sinceMs?: number;
  /** Up to the end of that UTC day, epoch ms; default: all there is. */
  readonly untilMs?: number;
}

/** A day that was written. */
export interface ExportedDay {
  /** `2026-10-01` */
  readonly day: string;
  readonly events: number;
}

const DAY_MS = 86_400_000;
/** A day of many events takes its time; it is read as fast as the disk takes it. */
const TIME_LIMIT_MS = 600_000;
const MOST_ROWS = 1_000_000_000;

const dayOf = (ms: number): number => Math.floor(ms / DAY_MS);

/** UTC days that hold events, as numbers since 1970. */
const daysOf = async (
  projection: Projection,
  { sinceMs = Number.NEGATIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY }: ParquetExport,
): Promise<readonly number[]> => {
  const sql = `SELECT DISTINCT epoch_ms(time) // ${DAY_MS} AS day FROM job_events ORDER BY day`;
  const days: number[] = [];
  for await (const { day } of rowsIn(projection.ask({ sql, timeLimitMs: TIME_LIMIT_MS, maxRows: MOST_ROWS })))
    days.push(Number(day));
  return days.filter((day) => day >= dayOf(sinceMs) && day <= dayOf(untilMs));
};

/** Writes the events of a day as lines of JSON, and says what their columns are. */
const writeLines = async (
  projection: Projection,
  day: number,
  file: string,
): Promise<{ readonly columns: readonly QueryColumn[]; readonly events: number }> => {
  const sql = `SELECT * EXCLUDE (job_key), (DATE '1970-01-01' + ${day})::VARCHAR AS day FROM job_events
    WHERE time >= ${sqlTime(day * DAY_MS)} AND time < ${sqlTime((day + 1) * DAY_MS)}`;
  const lines = createWriteStream(file, { mode: 0o600 });
  let columns: readonly QueryColumn[] = [];
  let events = 0;
  try {
    for await (const part of projection.ask({ sql, timeLimitMs: TIME_LIMIT_MS, maxRows: MOST_ROWS })) {
      if ('columns' in part) columns = part.columns;
      if (!('rows' in part)) continue;
      events += part.rows.length;
      const text = part.rows.map(
        (row) =>
          `${JSON.stringify(Object.fromEntries(columns.map(({ name }, index) => [name, row[index]])))}\n`,
      );
      if (!lines.write(text.join(''))) await once(lines, 'drain');
    }
  } finally {
    lines.end();
  }
  await finished(lines);
  return { columns, events };
};

/**
 * Writes the projection's events as Parquet, by UTC day and job type (`day=2026-10-01/job_type=send-receipt/`). Days are
 * written whole and take the place of what was exported of them before, so the same export again changes nothing.
 *
 * @throws EsteiraError as `Projection.ask`, ESTEIRA_PACKAGE_MISSING
 */
export async function* exportParquet(
  projection: Projection,
  what: ParquetExport,
): AsyncGenerator<ExportedDay> {
  await mkdir(what.folder, { recursive: true });
  const days = await daysOf(projection, what);
  const making = await mkdtemp(join(what.folder, '.making-'));
  try {
    for (const number of days) {
      const day = new Date(number * DAY_MS).toISOString().slice(0, 10);
      const file = join(making, 'events.ndjson');
      const { columns, events } = await writeLines(projection, number, file);
      const made = join(making, 'days');
      await writeParquet({ file, columns }, made, ['day', 'job_type']);
      const name = `day=${day}`;
      await rm(join(what.folder, name), { recursive: true, force: true });
      await rename(join(made, name), join(what.folder, name));
      yield { day, events };
    }
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}
