import type { DuckDBAppender, DuckDBConnection } from '@duckdb/node-api';
import type { RowReader } from '../../core/ports/row-sink.ts';
import { loadDuckDB } from './duckdb.ts';
import { createTable } from './layout.ts';
import { loadNativeVectors } from './native-vectors.ts';
import { type PartitionTally, readTallies, Tallies } from './positions.ts';
import { readFilter } from './read-filter.ts';
import { RowBuffer } from './row-buffer.ts';
import type { BatchRange, SeenFilter } from './seen-filter.ts';
import { testColumns } from './self-test.ts';

/** Where a record stood. */
export interface RecordPlace {
  readonly partition: number;
  readonly offset: number;
}

/** A record that cannot be read as telemetry. */
export interface Problem extends RecordPlace {
  readonly code: string;
  /** Holds no payload. */
  readonly detail: string;
}

/** What {@link StoreWriter.commit} did. */
export interface Committed {
  /** Rows that are there now and were not before. */
  readonly rows: number;
  readonly repeats: number;
}

const countOf = async (connection: DuckDBConnection, sql: string): Promise<number> =>
  Number((await connection.runAndReadAll(sql)).getRowsJson()[0]?.[0] ?? 0);

/**
 * Writes the store. Records go in one commit after the other; each commit has its rows and the positions behind them, or
 * nothing. After an error the writer is of no use: close it and open another one, which stands where the last commit did.
 *
 * Of several records with one event id the one at the lowest (partition, offset) stays, in whatever order they come, so that
 * every rebuild has the same rows.
 */
export class StoreWriter {
  readonly #connection: DuckDBConnection;
  readonly #read: RowReader;
  readonly #makeLog: () => Promise<void>;
  readonly #rows: Target;
  readonly #suspects: Target;
  readonly #filter: SeenFilter;
  readonly #tallies: Tallies;
  #horizonMs: number;
  #batch: number;
  #pending = 0;
  #suspected = 0;
  #range: BatchRange | undefined;
  #problems: Problem[] = [];

  constructor(parts: WriterParts) {
    this.#connection = parts.connection;
    this.#read = parts.read;
    this.#makeLog = parts.makeLog;
    this.#rows = parts.rows;
    this.#suspects = parts.suspects;
    this.#filter = parts.filter;
    this.#tallies = new Tallies(parts.tallies);
    this.#horizonMs = parts.horizonMs;
    this.#batch = parts.lastBatch;
  }

  /** The next offset to read, with what is not committed yet; undefined for a partition that was never read. */
  nextOf(partition: number): number | undefined {
    return this.#tallies.nextOf(partition);
  }

  get tallies(): readonly PartitionTally[] {
    return this.#tallies.all();
  }

  /** Events older than this are left out, epoch ms. */
  get horizonMs(): number {
    return this.#horizonMs;
  }

  /** Records taken since the last commit. */
  get pending(): number {
    return this.#pending;
  }

  /** Memory that telling repeats apart takes. */
  get filterBytes(): number {
    return this.#filter.bytes;
  }

  /** Begins a commit. */
  async begin(): Promise<void> {
    await this.#makeLog();
    await this.#connection.run('BEGIN');
    this.#batch += 1;
  }

  /** Takes a record's body in the contract's own schema; answers why it could not, and nothing has changed then. */
  add(place: RecordPlace, body: Buffer): string | undefined {
    const problem = this.#fill(this.#rows, body);
    if (problem !== undefined) return problem;
    const rows = this.#rows.buffer;
    this.#pending += 1;
    if (rows.timeMs < this.#horizonMs) {
      this.#tallies.count(place.partition, place.offset, 'heldBack');
      return undefined;
    }
    this.#tallies.count(place.partition, place.offset, 'taken');
    const where = this.#filter.add(rows.idWords, rows.idAt, this.#batch);
    if (where === undefined) this.#keep(this.#rows, place);
    else this.#suspect(place, body, where);
    return undefined;
  }

  /** Takes note of a record that cannot be read. */
  addProblem(problem: Problem): void {
    this.#pending += 1;
    this.#tallies.count(problem.partition, problem.offset, 'problems');
    this.#problems.push(problem);
  }

  /** Reading of the partition goes on at `to`: what lies before it is gone from the topic, and told as a problem. */
  skipTo(partition: number, to: number): void {
    const offset = this.#tallies.nextOf(partition) ?? to;
    this.#problems.push({ partition, offset, code: 'LOST', detail: `gone from the topic up to ${to - 1}` });
    this.#tallies.moveTo(partition, to);
  }

  /** When the oldest event happened that is there, epoch ms; undefined when there is none. */
  async oldestMs(): Promise<number | undefined> {
    const reader = await this.#connection.runAndReadAll('SELECT epoch_ms(min(time)) FROM events');
    const oldest = reader.getRowsJson()[0]?.[0] ?? null;
    return oldest === null ? undefined : Number(oldest);
  }

  /** Writes what was taken, with the positions behind it. */
  async commit(): Promise<Committed> {
    flush(this.#rows);
    flush(this.#suspects);
    const before = this.#suspected;
    const added = await this.#settleSuspects();
    await this.#writeProblems();
    await this.#connection.run(
      `DELETE FROM projection_positions; INSERT INTO projection_positions VALUES ${this.#tallies.values()};
       UPDATE projection_store SET repeats = repeats + ${before - added}; COMMIT`,
    );
    const rows = this.#kept + added;
    this.#kept = 0;
    this.#pending = 0;
    return { rows, repeats: before - added };
  }

  /** Leaves events before `horizonMs` out from now on, and deletes those that are there. Between commits only. */
  async moveHorizon(horizonMs: number): Promise<number> {
    const connection = this.#connection;
    await this.#makeLog();
    await connection.run('BEGIN');
    const deleted = await countOf(
      connection,
      `DELETE FROM events WHERE time < make_timestamptz(${horizonMs} * 1000::BIGINT)`,
    );
    await connection.run(`UPDATE projection_store SET horizon_ms = ${horizonMs}; COMMIT`);
    this.#horizonMs = horizonMs;
    if (deleted > 0) this.#filter.forgetBelow(await countOf(connection, 'SELECT min(batch) FROM events'));
    return deleted;
  }

  /** Gives its connection back. What is not committed is dropped. */
  close(): void {
    this.#rows.appender.clear();
    this.#suspects.appender.clear();
    this.#connection.closeSync();
  }

  #kept = 0;

  #fill({ buffer }: Target, body: Buffer): string | undefined {
    buffer.begin();
    return this.#read(body, buffer);
  }

  #keep(target: Target, { partition, offset }: RecordPlace): void {
    target.buffer.keep({ partition, offset, batch: this.#batch });
    if (target === this.#rows) this.#kept += 1;
    if (target.buffer.isFull) target.buffer.flush(target.appender);
  }

  #suspect(place: RecordPlace, body: Buffer, where: BatchRange): void {
    this.#fill(this.#suspects, body);
    this.#keep(this.#suspects, place);
    this.#suspected += 1;
    const { from, to } = this.#range ?? where;
    this.#range = { from: Math.min(from, where.from), to: Math.max(to, where.to) };
  }

  /** Looks up what may be there already, adds what is not, and answers how many that are. */
  async #settleSuspects(): Promise<number> {
    const range = this.#range;
    this.#suspected = 0;
    this.#range = undefined;
    if (range === undefined) return 0;
    const connection = this.#connection;
    const among = `e.batch BETWEEN ${range.from} AND ${range.to} AND e.event_id = f.event_id`;
    await connection.run(
      `CREATE OR REPLACE TEMP TABLE firsts AS
       SELECT DISTINCT ON (event_id) * FROM suspects ORDER BY event_id, "partition", record_offset`,
    );
    const replaced = await countOf(
      connection,
      `DELETE FROM events AS e USING firsts AS f WHERE ${among}
       AND (e."partition", e.record_offset) > (f."partition", f.record_offset)`,
    );
    const added = await countOf(
      connection,
      `INSERT INTO events SELECT * FROM firsts AS f WHERE NOT EXISTS (SELECT 1 FROM events AS e WHERE ${among})`,
    );
    await connection.run('DELETE FROM suspects');
    return added - replaced;
  }

  async #writeProblems(): Promise<void> {
    const problems = this.#problems;
    this.#problems = [];
    if (problems.length === 0) return;
    const appender = await this.#connection.createAppender('projection_problems');
    for (const { partition, offset, code, detail } of problems) {
      appender.appendInteger(partition);
      appender.appendBigInt(BigInt(offset));
      appender.appendVarchar(code);
      appender.appendVarchar(detail);
      appender.endRow();
    }
    appender.closeSync();
  }
}

/** A table being filled. */
interface Target {
  readonly buffer: RowBuffer;
  readonly appender: DuckDBAppender;
}

interface WriterParts {
  readonly connection: DuckDBConnection;
  readonly read: RowReader;
  readonly makeLog: () => Promise<void>;
  readonly rows: Target;
  readonly suspects: Target;
  readonly filter: SeenFilter;
  readonly tallies: readonly PartitionTally[];
  readonly horizonMs: number;
  readonly lastBatch: number;
}

const flush = ({ buffer, appender }: Target): void => {
  buffer.flush(appender);
  appender.flushSync();
};

/**
 * Makes the writer of a store on a connection of its own. There is one at a time. `makeLog` is called before each
 * transaction, as DuckDB would make its log readable for others.
 *
 * @throws EsteiraError ESTEIRA_PACKAGE_MISSING when the installed version of DuckDB cannot be written to in columns
 */
export const openStoreWriter = async (
  connection: DuckDBConnection,
  read: RowReader,
  makeLog: () => Promise<void>,
): Promise<StoreWriter> => {
  const { DuckDBDataChunk } = await loadDuckDB();
  const native = loadNativeVectors();
  await connection.run(`DROP TABLE IF EXISTS temp.suspects; ${createTable('suspects', true)}`);
  const types = (await connection.runAndReadAll('SELECT * FROM events LIMIT 0')).columnTypes();
  const target = async (table: string, catalog?: string): Promise<Target> => ({
    buffer: new RowBuffer(native, DuckDBDataChunk.create(types)),
    appender: await connection.createAppender(table, null, catalog ?? null),
  });
  const suspects = await target('suspects', 'temp');
  await testColumns(connection, 'suspects', suspects.buffer, suspects.appender);
  return new StoreWriter({
    ...{ connection, read, makeLog, suspects },
    rows: await target('events'),
    filter: await readFilter(connection, native),
    tallies: await readTallies(connection),
    horizonMs: await countOf(connection, 'SELECT horizon_ms FROM projection_store'),
    lastBatch: await countOf(connection, 'SELECT max(batch) FROM events'),
  });
};
