import type { Command } from 'commander';
import { listQueues } from '../../runtime/inspection/index.ts';
import type { CommandContext, Finish } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { queueLines, queueTable } from '../queues-view.ts';
import { type CommonOptions, withSession } from '../session.ts';
import { renderJson } from '../table.ts';
import { printable } from '../terminal.ts';
import { addPurgeCommand } from './control.ts';

const list = (context: CommandContext, options: CommonOptions): Promise<void> =>
  withSession(context, options, async ({ app, backend }) => {
    const { terminal } = context;
    const nowMs = Date.now();
    const report = await listQueues({ app, backend }, nowMs);
    if (options.json === true) return terminal.out(renderJson(report));
    terminal.out(queueTable(terminal, report, nowMs));
    for (const line of queueLines(report, nowMs)) terminal.out(printable(line));
  });

/** `esteira queues list|purge`. */
export const addQueuesCommands = (program: Command, context: CommandContext, finish: Finish): void => {
  const queues = program.command('queues').description('queues: what waits in them');
  queues
    .command('list')
    .description('show what waits, by queue and job type')
    .option('--json', 'for programs')
    .action(async (_, command: Command) => {
      await list(context, command.optsWithGlobals<CommonOptions>());
      finish(EXIT.done);
    });
  addPurgeCommand(queues, context, finish);
};
