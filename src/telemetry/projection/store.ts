import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { EsteiraError, isEsteiraError } from '../../core/errors.ts';
import type { RowReader } from '../../core/ports/row-sink.ts';
import { type DuckDBConnection, type DuckDBInstance, loadDuckDB } from './duckdb.ts';
import { type PartitionTally, readTallies } from './positions.ts';
import { keepPrivate, makePrivate, makePrivateFolder, makeUnseen } from './private-files.ts';
import { prepareSchema, type StoreState } from './store-schema.ts';
import { openStoreWriter, type StoreWriter } from './store-writer.ts';

/** The analytical store: one DuckDB file, owned by one process, and readable for its user alone. */
export interface ProjectionStore {
  /** The file; `:memory:` for one that is forgotten with the process. */
  readonly path: string;
  readonly readOnly: boolean;
  /** A further connection in this process: reads see what is committed. Close it with `closeSync`. */
  connect(): Promise<DuckDBConnection>;
  /** What opening it came to. */
  readonly state: StoreState;
  /** Where the store stands in each partition of the telemetry topic, as committed. */
  positions(): Promise<readonly PartitionTally[]>;
  /**
   * The one writer, for bodies that `read` reads; open one at a time.
   *
   * @throws EsteiraError ESTEIRA_PROJECTION_UNAVAILABLE where the file is damaged, ESTEIRA_PACKAGE_MISSING
   */
  writer(read: RowReader): Promise<StoreWriter>;
  /** Closes all connections and the file. Safe to call twice. */
  close(): Promise<void>;
}

export interface OpenStoreOptions {
  /** Default false. Several processes may read one file while none writes it. */
  readonly readOnly?: boolean;
  /** Memory DuckDB may take, with its queries; default 512 MB. What does not fit goes to disk, beside the file. */
  readonly memoryMb?: number;
  /** Threads of DuckDB; default 2. */
  readonly threads?: number;
}

const IN_MEMORY = ':memory:';

const notOpened = (path: string, said: string, cause?: unknown): EsteiraError =>
  new EsteiraError(
    'ESTEIRA_PROJECTION_UNAVAILABLE',
    `The projection ${path} cannot be opened: ${said}. One process writes it at a time: ask that one (\`esteira telemetry query\` does), or stop it; a file that is damaged can be moved away and is built again from the topic`,
    { facts: { path }, ...(cause === undefined ? {} : { cause }) },
  );

/** What DuckDB and the disk throw, as an error that says what to do: a file may be damaged where it is read last. */
const asOurs = (path: string, error: unknown): EsteiraError => {
  if (isEsteiraError(error)) return error;
  const said = error instanceof Error ? error.message.split('\n')[0] : String(error);
  return notOpened(path, (said ?? '').replace(/[.!]$/, ''), error);
};

/** Files that this process writes: DuckDB's own lock holds other processes off, but not the same one. */
const written = new Set<string>();

/** @throws EsteiraError ESTEIRA_PROJECTION_UNAVAILABLE when this process writes the file already */
const takeFile = (path: string): (() => void) => {
  const file = resolve(path);
  if (written.has(file)) throw notOpened(path, 'this process writes it already');
  written.add(file);
  return () => void written.delete(file);
};

/** DuckDB's log of what is committed and not yet in the file. It takes away the one it is done with. */
const logOf = (path: string): string => `${path}.wal`;

/** Where DuckDB puts what does not fit into memory, in files that everybody could read. */
const overflowOf = (path: string): string => `${path}.tmp`;

const openInstance = async (path: string, options: OpenStoreOptions): Promise<DuckDBInstance> => {
  const duckdb = await loadDuckDB();
  const settings: Record<string, string> = {
    memory_limit: `${options.memoryMb ?? 512}MB`,
    threads: String(options.threads ?? 2),
    // Else a query that sorts much may fill the disk that the projection is written to.
    max_temp_directory_size: '4GB',
    // What DuckDB 1.4 can read: its newer compressions halve the texts, and the time their writing takes.
    storage_compatibility_version: 'v1.4.0',
    ...(options.readOnly === true ? { access_mode: 'READ_ONLY' } : {}),
  };
  try {
    if (path === IN_MEMORY || options.readOnly === true)
      return await duckdb.DuckDBInstance.create(path, settings);
    await makeUnseen(path, async (at) => (await duckdb.DuckDBInstance.create(at, settings)).closeSync());
    const instance = await duckdb.DuckDBInstance.create(path, settings);
    // Not before DuckDB has taken it for its own: another file, or a folder, is left as it is.
    await keepPrivate(path);
    await makePrivate(logOf(path));
    await makePrivateFolder(overflowOf(path));
    return instance;
  } catch (error) {
    throw asOurs(path, error);
  }
};

/**
 * Opens the store, and makes it where there is none. A store of an older version is brought up to date.
 *
 * @throws EsteiraError ESTEIRA_PACKAGE_MISSING, ESTEIRA_PROJECTION_UNAVAILABLE where another process owns the file, it is
 *   damaged or of a newer version, or, to be read only, does not exist.
 */
export const openProjectionStore = async (
  path: string,
  options: OpenStoreOptions = {},
): Promise<ProjectionStore> => {
  const readOnly = options.readOnly === true;
  const giveBack = readOnly || path === IN_MEMORY ? () => undefined : takeFile(path);
  let instance: DuckDBInstance | undefined;
  try {
    instance = await openInstance(path, options);
    return await openedStore(instance, path, readOnly, giveBack);
  } catch (error) {
    instance?.closeSync();
    giveBack();
    throw asOurs(path, error);
  }
};

const openWriter = async (instance: DuckDBInstance, path: string, read: RowReader): Promise<StoreWriter> => {
  const connection = await instance.connect();
  try {
    return await openStoreWriter(connection, read, async () => {
      if (path !== IN_MEMORY) await makePrivate(logOf(path));
    });
  } catch (error) {
    connection.closeSync();
    throw asOurs(path, error);
  }
};

const openedStore = async (
  instance: DuckDBInstance,
  path: string,
  readOnly: boolean,
  giveBack: () => void,
): Promise<ProjectionStore> => {
  const first = await instance.connect();
  const state = readOnly ? 'as it was' : await prepareSchema(first, path);
  let closed = false;
  return {
    ...{ path, readOnly, state },
    connect: () => instance.connect(),
    positions: () => readTallies(first),
    writer: (read) => openWriter(instance, path, read),
    close: async () => {
      if (closed) return;
      closed = true;
      first.closeSync();
      instance.closeSync();
      if (path !== IN_MEMORY && !readOnly) await rm(overflowOf(path), { recursive: true, force: true });
      giveBack();
    },
  };
};
