import { JobEvent } from '../../core/generated/job-event.ts';

/** How a field of a telemetry event is kept: what Avro calls it, and identifiers in 16 bytes where they are UUIDs. */
export type ColumnKind = 'uuid' | 'text' | 'time' | 'long' | 'int' | 'texts' | 'numbers';

/** A column of the store and the field of the contract it holds. */
export interface Column {
  /** The field's name in snake_case. */
  readonly name: string;
  readonly kind: ColumnKind;
  readonly nullable: boolean;
}

/** Fields that Esteira itself fills with UUIDs; another text in them goes to a column of its own beside it. */
const IDENTIFIERS = new Set(['eventId', 'jobId', 'correlationId', 'causationId', 'executionId']);

const snakeCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const kindOf = (name: string, type: unknown): ColumnKind | undefined => {
  if (type === 'string') return IDENTIFIERS.has(name) ? 'uuid' : 'text';
  if (type === 'int') return 'int';
  if (type === 'long') return 'long';
  if (!isRecord(type)) return undefined;
  if (type['logicalType'] === 'timestamp-millis') return 'time';
  if (type['type'] !== 'map') return undefined;
  return type['values'] === 'double' ? 'numbers' : 'texts';
};

const columnOf = (field: unknown): Column => {
  if (!isRecord(field) || typeof field['name'] !== 'string') throw new TypeError('a field without a name');
  const { name, type } = field;
  const nullable = Array.isArray(type);
  const kind = kindOf(name, nullable ? type[1] : type);
  if (kind === undefined) throw new TypeError(`the projection has no column for the field ${name}`);
  return { name: snakeCase(name), kind, nullable };
};

const fieldsOf = (schema: unknown): readonly unknown[] =>
  isRecord(schema) && Array.isArray(schema['fields']) ? schema['fields'] : [];

/** Every field of the telemetry event, in the contract's order. */
export const COLUMNS: readonly Column[] = fieldsOf(JobEvent.schema).map(columnOf);

/** Grows when an older store cannot be read as it is; the names and types of its columns are compared besides. */
export const LAYOUT_VERSION = 1;

const SQL_TYPE: Readonly<Record<ColumnKind, string>> = {
  uuid: 'UUID',
  text: 'VARCHAR',
  time: 'TIMESTAMPTZ',
  long: 'BIGINT',
  int: 'INTEGER',
  texts: 'MAP(VARCHAR, VARCHAR)',
  numbers: 'MAP(VARCHAR, DOUBLE)',
};

/** A column of the table as it is on disk. */
export interface StoredColumn {
  readonly name: string;
  readonly type: string;
}

const storedColumns = ({ name, kind }: Column): readonly StoredColumn[] =>
  kind === 'uuid'
    ? [
        { name, type: 'UUID' },
        { name: `${name}_text`, type: 'VARCHAR' },
      ]
    : [{ name, type: SQL_TYPE[kind] }];

/**
 * What every row has besides the event: 1 where the causation is the correlation and is not kept again, as at the first
 * event of most chains; where the record stood on the topic; and the commit of the projection that wrote it.
 */
const POSITION_COLUMNS: readonly StoredColumn[] = [
  { name: 'causation_is_correlation', type: 'INTEGER' },
  { name: 'partition', type: 'INTEGER' },
  { name: 'record_offset', type: 'BIGINT' },
  { name: 'batch', type: 'INTEGER' },
];

/** The table `events`, column by column, in the order in which rows are appended. */
export const STORED_COLUMNS: readonly StoredColumn[] = [
  ...COLUMNS.flatMap(storedColumns),
  ...POSITION_COLUMNS,
];

/** SQL that makes a table of the events' columns. */
export const createTable = (table: string, temporary = false): string =>
  `CREATE ${temporary ? 'TEMP ' : ''}TABLE ${table} (${STORED_COLUMNS.map(({ name, type }) => `"${name}" ${type}`).join(', ')})`;

const textOf = (name: string): string => `coalesce("${name}_text", "${name}"::VARCHAR)`;

const shown = ({ name, kind }: Column): string => {
  if (kind !== 'uuid') return `"${name}"`;
  if (name !== 'causation_id') return `${textOf(name)} AS "${name}"`;
  return `CASE causation_is_correlation WHEN 1 THEN ${textOf('correlation_id')} ELSE ${textOf(name)} END AS "${name}"`;
};

/**
 * The relation analysts read: one row a distinct event, the contract's fields in its order, where the record stood, and
 * `job_key`, the job's identifier in 16 bytes: grouping and joining by it is several times as fast as by the text.
 */
export const JOB_EVENTS_VIEW = `CREATE OR REPLACE VIEW job_events AS SELECT ${COLUMNS.map(shown).join(', ')}, "partition", record_offset, job_id AS job_key FROM events`;
