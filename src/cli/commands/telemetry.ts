import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { EsteiraError } from '../../core/errors.ts';
import { type Projection, VIEWS } from '../../runtime/analytics/index.ts';
import { parseCount, parseDuration } from '../arguments.ts';
import type { CommandContext, Finish } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { answeredBy, withProjection } from '../projecting.ts';
import { csvLine, type Gathered, queryTable } from '../query-view.ts';
import type { CommonOptions } from '../session.ts';
import { renderJson, renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { addTelemetryExport } from './telemetry-export.ts';
import { addTelemetryTail } from './telemetry-tail.ts';

interface QueryOptions extends CommonOptions {
  readonly file?: string;
  readonly csv?: boolean;
  readonly limit?: number;
  readonly timeout?: number;
}

const SCREEN_ROWS = 1_000;
const ALL_ROWS = 1_000_000_000;

const sqlOf = async (
  terminal: Terminal,
  sql: string | undefined,
  file: string | undefined,
): Promise<string> => {
  if ((sql === undefined) === (file === undefined))
    throw new EsteiraError(
      'ESTEIRA_USAGE',
      'give the SQL, or a file of it with --file, or - for standard input',
    );
  if (file !== undefined) {
    try {
      return await readFile(resolve(terminal.cwd, file), 'utf8');
    } catch (cause) {
      throw new EsteiraError('ESTEIRA_USAGE', `the file ${file} cannot be read`, { cause });
    }
  }
  return sql === '-' ? terminal.readInput() : (sql ?? '');
};

const gather = async (parts: ReturnType<Projection['ask']>): Promise<Gathered> => {
  let columns: Gathered['columns'] = [];
  const rows: Gathered['rows'][number][] = [];
  let end = { isCut: false, elapsedMs: 0 };
  for await (const part of parts) {
    if ('columns' in part) columns = part.columns;
    if ('rows' in part) rows.push(...part.rows);
    if ('end' in part) end = part.end;
  }
  return { columns, rows, isCut: end.isCut, elapsedMs: end.elapsedMs };
};

const writeCsv = async (terminal: Terminal, parts: ReturnType<Projection['ask']>): Promise<void> => {
  for await (const part of parts) {
    if ('columns' in part) terminal.out(csvLine(part.columns.map(({ name }) => name)));
    if (!('rows' in part)) continue;
    terminal.out(part.rows.map(csvLine).join('\n'));
    await terminal.drained?.();
  }
};

const query = (terminal: Terminal, sql: string, options: QueryOptions): Promise<void> =>
  withProjection(terminal, options, async (projection) => {
    const { csv = false, json = false, limit = csv ? ALL_ROWS : SCREEN_ROWS, timeout } = options;
    const timeLimit = timeout === undefined ? {} : { timeLimitMs: timeout };
    const parts = projection.ask({ sql, maxRows: limit, ...timeLimit });
    if (csv) return writeCsv(terminal, parts);
    const found = await gather(parts);
    if (json) {
      const rows = found.rows.map((row) =>
        Object.fromEntries(found.columns.map(({ name }, index) => [name, row[index]])),
      );
      return terminal.out(renderJson({ by: projection.by, ...found, rows }));
    }
    terminal.out(queryTable(terminal, found));
    const rows = `${found.isCut ? 'the first ' : ''}${found.rows.length} row${found.rows.length === 1 ? '' : 's'}`;
    terminal.err(
      `${rows} in ${found.elapsedMs} ms, from ${answeredBy(projection)}${found.isCut ? '; more with --limit, all with --csv' : ''}`,
    );
  });

const views = (terminal: Terminal, options: CommonOptions): void => {
  const listed = VIEWS.map(({ name, meaning, columns }) => ({
    ...{ name, meaning },
    columns: Object.entries(columns).map(([column, says]) => ({ name: column, meaning: says })),
  }));
  if (options.json === true) {
    terminal.out(renderJson({ views: listed }));
    return;
  }
  terminal.out(
    renderTable(
      terminal,
      [
        { title: 'VIEW', cell: ({ name }) => name, cuttable: false },
        { title: 'MEANING', cell: ({ meaning }) => meaning },
      ],
      listed,
    ),
  );
  terminal.err(
    'All of them are made of job_events, one row an event. Columns: `esteira telemetry query "DESCRIBE jobs"`.',
  );
};

/** `esteira telemetry query|views|tail|export`. */
export const addTelemetryCommands = (program: Command, context: CommandContext, finish: Finish): void => {
  const { terminal } = context;
  const telemetry = program
    .command('telemetry')
    .description('what was told of the jobs: ask it by SQL, watch it, take it out');
  telemetry
    .command('query')
    .description('ask the projection by one SELECT; it only reads')
    .argument('[sql]', 'over job_events and the views; - for standard input')
    .option('--file <path>', 'SQL from a file')
    .option('--limit <rows>', `rows at most (default: ${SCREEN_ROWS}, with --csv all)`, parseCount)
    .option('--timeout <time>', 'how long it may take, at most 10m (default: 30s)', parseDuration)
    .option('--csv', 'all rows, as they come')
    .option('--json', 'for programs')
    .action(async (sql: string | undefined, _, self: Command) => {
      const options = self.optsWithGlobals<QueryOptions>();
      await query(terminal, await sqlOf(terminal, sql, options.file), options);
      finish(EXIT.done);
    });
  telemetry
    .command('views')
    .description('list the views that queries can use, and what they answer')
    .option('--json', 'for programs, with the columns')
    .action((_, self: Command) => {
      views(terminal, self.optsWithGlobals<CommonOptions>());
      finish(EXIT.done);
    });
  addTelemetryTail(telemetry, context, finish);
  addTelemetryExport(telemetry, context, finish);
};
