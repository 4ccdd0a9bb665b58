import { resolve } from 'node:path';
import type { Command } from 'commander';
import { exportParquet } from '../../runtime/analytics/index.ts';
import { parseTime } from '../arguments.ts';
import type { CommandContext, Finish } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { openProgress } from '../progress.ts';
import { answeredBy, withProjection } from '../projecting.ts';
import type { CommonOptions } from '../session.ts';
import { renderJson } from '../table.ts';

interface ExportOptions extends CommonOptions {
  readonly parquet: string;
  readonly since?: number;
  readonly until?: number;
}

const exportTo = ({ terminal }: CommandContext, options: ExportOptions): Promise<void> =>
  withProjection(terminal, options, async (projection) => {
    const { parquet, since, until, json = false } = options;
    const progress = openProgress(terminal, 'exported');
    const days: { readonly day: string; readonly events: number }[] = [];
    let events = 0;
    try {
      for await (const day of exportParquet(projection, {
        folder: resolve(terminal.cwd, parquet),
        ...(since === undefined ? {} : { sinceMs: since }),
        ...(until === undefined ? {} : { untilMs: until }),
      })) {
        days.push(day);
        events += day.events;
        progress.advance(events, day.day);
      }
    } finally {
      progress.end();
    }
    if (json) return terminal.out(renderJson({ by: projection.by, folder: parquet, days }));
    terminal.out(
      `${events} events of ${days.length} day${days.length === 1 ? '' : 's'} exported to ${parquet}, from ${answeredBy(projection)}`,
    );
  });

/** `esteira telemetry export`. */
export const addTelemetryExport = (telemetry: Command, context: CommandContext, finish: Finish): void => {
  telemetry
    .command('export')
    .description('write the events as Parquet, by day and job type, for a lake')
    .requiredOption('--parquet <folder>', 'where to')
    .option('--since <time>', 'from the day of that time on (default: all)', parseTime)
    .option('--until <time>', 'up to the end of the day of that time (default: all)', parseTime)
    .option('--json', 'for programs')
    .action(async (_, self: Command) => {
      await exportTo(context, self.optsWithGlobals<ExportOptions>());
      finish(EXIT.done);
    });
};
