import type { DuckDBAppender, DuckDBDataChunk } from '@duckdb/node-api';
import type { ByteSpan, RowSink } from '../../core/ports/row-sink.ts';
import { type ColumnRows, IntColumn, LongColumn, TextColumn, TimeColumn, UuidColumn } from './column-rows.ts';
import { COLUMNS, type Column } from './layout.ts';
import { MapColumn } from './map-rows.ts';
import { CHUNK_ROWS, type NativeVectors } from './native-vectors.ts';
import { TextHeap } from './text-heap.ts';
import type { RowOrder } from './word-rows.ts';

const columnOf = ({ kind }: Column, heap: TextHeap): ColumnRows => {
  switch (kind) {
    case 'uuid':
      return new UuidColumn(heap);
    case 'text':
      return new TextColumn(heap);
    case 'int':
      return new IntColumn();
    case 'long':
      return new LongColumn();
    case 'time':
      return new TimeColumn();
    case 'texts':
    case 'numbers':
      return new MapColumn(heap, kind);
  }
};

const placeOf = (name: string): number => COLUMNS.findIndex((column) => column.name === name);
const EVENT_ID = placeOf('event_id');
const JOB_ID = placeOf('job_id');
const CORRELATION_ID = placeOf('correlation_id');
const CAUSATION_ID = placeOf('causation_id');
const TIME = placeOf('time');

/** Where a row's record stood, and the commit that writes it. */
export interface RowPlace {
  readonly partition: number;
  readonly offset: number;
  readonly batch: number;
}

/** Rows on their way to a table of the layout's columns, at most a chunk of them. */
export class RowBuffer implements RowSink {
  /** When the event of the row being filled happened, epoch ms. */
  timeMs = 0;
  #rows = 0;
  #heapMark = 0;
  readonly #heap = new TextHeap();
  readonly #columns: readonly ColumnRows[];
  readonly #maps: readonly MapColumn[];
  readonly #ids: UuidColumn;
  readonly #jobs: UuidColumn;
  readonly #correlations: UuidColumn;
  readonly #causations: UuidColumn;
  readonly #sameCause = new IntColumn();
  readonly #partition = new IntColumn();
  readonly #offset = new LongColumn();
  readonly #batch = new IntColumn();
  readonly #native: NativeVectors;
  readonly #chunk: DuckDBDataChunk;

  constructor(native: NativeVectors, chunk: DuckDBDataChunk) {
    this.#native = native;
    this.#chunk = chunk;
    this.#columns = COLUMNS.map((column) => columnOf(column, this.#heap));
    this.#ids = this.#identifiers(EVENT_ID);
    this.#jobs = this.#identifiers(JOB_ID);
    this.#correlations = this.#identifiers(CORRELATION_ID);
    this.#causations = this.#identifiers(CAUSATION_ID);
    this.#maps = this.#columns.filter((column) => column instanceof MapColumn);
  }

  #identifiers(field: number): UuidColumn {
    const column = this.#columns[field];
    if (column instanceof UuidColumn) return column;
    throw new TypeError('a field of the contract is no identifier any more');
  }

  get isFull(): boolean {
    return this.#rows === CHUNK_ROWS;
  }

  /** The identifiers of all rows, four words each. */
  get idWords(): Uint32Array {
    return this.#ids.rows.words;
  }

  /** Where in them that of the row being filled begins. */
  get idAt(): number {
    return 4 * this.#rows;
  }

  /** Begins the next row. What was begun and not kept is forgotten. */
  begin(): void {
    this.#heap.used = this.#heapMark;
    for (const map of this.#maps) map.begin(this.#rows);
  }

  text(field: number, bytes: Buffer, from: number, to: number): boolean {
    return this.#columns[field]?.text(this.#rows, bytes, from, to) === true;
  }

  number(field: number, value: number): boolean {
    if (field === TIME) this.timeMs = value;
    return this.#columns[field]?.number(this.#rows, value) === true;
  }

  none(field: number): void {
    this.#columns[field]?.none(this.#rows);
  }

  textEntry(field: number, bytes: Buffer, key: ByteSpan, value: ByteSpan): boolean {
    const column = this.#columns[field];
    return column instanceof MapColumn && column.textEntry(this.#rows, bytes, key, value);
  }

  numberEntry(field: number, bytes: Buffer, key: ByteSpan, value: number): boolean {
    const column = this.#columns[field];
    return column instanceof MapColumn && column.numberEntry(this.#rows, bytes, key, value);
  }

  /** Keeps the row that was filled. */
  keep({ partition, offset, batch }: RowPlace): void {
    this.#partition.number(this.#rows, partition);
    this.#offset.number(this.#rows, offset);
    this.#batch.number(this.#rows, batch);
    const isSame = this.#causations.equals(this.#rows, this.#correlations);
    if (isSame) this.#causations.none(this.#rows);
    this.#sameCause.number(this.#rows, isSame ? 1 : 0);
    this.#heapMark = this.#heap.used;
    this.#rows += 1;
  }

  /** Hands the kept rows to an appender, and is empty again. */
  flush(appender: DuckDBAppender): void {
    if (this.#rows === 0) return;
    // What a dropped row left in the heap and the maps may be no UTF-8, or point to what is gone.
    this.begin();
    const native = this.#native;
    const { chunk } = this.#chunk;
    native.data_chunk_reset(chunk);
    const order = byFirstOf(this.#jobs.rows.words, this.#rows);
    const all = [...this.#columns, this.#sameCause, this.#partition, this.#offset, this.#batch];
    const heapOwner = native.data_chunk_get_vector(chunk, HEAP_OWNER);
    const base = this.#heap.handOver(native, heapOwner);
    let at = 0;
    for (const column of all) {
      const vectors = Array.from({ length: column.width }, (_, index) =>
        native.data_chunk_get_vector(chunk, at + index),
      );
      at += column.width;
      column.flush(native, vectors, order, base);
    }
    native.data_chunk_set_size(chunk, this.#rows);
    appender.appendDataChunk(this.#chunk);
    this.#rows = 0;
    this.#heapMark = 0;
  }
}

/**
 * The rows of one job together, in the order in which they came, jobs in the order of their first row. What rows of a job have
 * in common then stands in runs, which DuckDB keeps once: without it an event takes half as many bytes again.
 */
const byFirstOf = (jobWords: Uint32Array, rows: number): RowOrder => {
  const last = new Map<number, number>();
  const next = new Uint16Array(rows);
  const firsts: number[] = [];
  for (let row = 0; row < rows; row++) {
    // Two jobs whose words are the same in part would only stand side by side.
    const job = (jobWords[4 * row] ?? 0) + (jobWords[4 * row + 1] ?? 0) * 2 ** 21;
    const before = last.get(job);
    if (before === undefined) firsts.push(row);
    else next[before] = row;
    last.set(job, row);
  }
  const order = new Uint16Array(rows);
  let place = 0;
  for (const first of firsts) {
    order[place++] = first;
    for (let row = next[first] ?? 0; row !== 0; row = next[row] ?? 0) order[place++] = row;
  }
  return order;
};

/** The text column in whose heap the longer texts of all columns stand. */
const HEAP_OWNER = 1;
