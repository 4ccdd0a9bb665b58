import type { Command } from 'commander';
import {
  LEDGER_OUTCOMES,
  listReplays,
  outcomesOf,
  type ReplayedRecord,
  readPlanFile,
  replayResults,
  replayStatus,
  reviewReplay,
} from '../../runtime/replay/index.ts';
import { oneOf } from '../arguments.ts';
import type { CommandContext, Finish } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { lookingAtLetters } from '../looking.ts';
import { listTable, resultTable, reviewText, statusText } from '../replay-view.ts';
import type { CommonOptions } from '../session.ts';
import { renderJson } from '../table.ts';

interface ResultOptions extends CommonOptions {
  readonly only?: string;
}

/** Of the ledger, and of the jobs since. */
const OUTCOMES = [...LEDGER_OUTCOMES, 'completed', 'skipped', 'cancelled', 'dead', 'failing'];

const review = (context: CommandContext, planId: string, options: CommonOptions): Promise<void> =>
  lookingAtLetters(context, options, async (parts) => {
    const { terminal } = context;
    const found = await reviewReplay(parts, planId);
    const { file, lines, counts } = found;
    const counted = file.plan.window === undefined ? {} : { counts: { ...file.plan.counts, ...counts } };
    const json = () => renderJson({ planId: file.planId, ...file.plan, ...counted, review: lines });
    terminal.out(options.json === true ? json() : reviewText(terminal, found));
  });

const countsOf = (outcomes: ReadonlyMap<string, string>): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const outcome of outcomes.values()) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return counts;
};

const status = (context: CommandContext, planId: string, options: CommonOptions): Promise<void> =>
  lookingAtLetters(context, options, async (parts) => {
    const { terminal } = context;
    const found = await replayStatus(parts, planId);
    const jobs = countsOf(await outcomesOf(parts, await readPlanFile(parts.control, found.planId)));
    const json = () => renderJson({ ...found, jobs: Object.fromEntries(jobs) });
    terminal.out(options.json === true ? json() : statusText(terminal, found, jobs));
  });

/** Of a window most may be nothing to the job type: those are listed when they are asked for. */
const isAskedFor = ({ outcome, job }: ReplayedRecord, only: string | undefined): boolean =>
  only === undefined ? outcome !== 'other' : outcome === only || job === only;

const result = (context: CommandContext, planId: string, options: ResultOptions): Promise<void> =>
  lookingAtLetters(context, options, async (parts) => {
    const { terminal } = context;
    const records: ReplayedRecord[] = [];
    await replayResults(parts, planId, (record) => {
      if (isAskedFor(record, options.only)) records.push(record);
    });
    if (options.json === true) return terminal.out(renderJson({ records }));
    if (records.length > 0) terminal.out(resultTable(terminal, records));
    terminal.out(records.length === 1 ? '1 record.' : `${records.length} records.`);
  });

const list = (context: CommandContext, options: CommonOptions): Promise<void> =>
  lookingAtLetters(context, options, async (parts) => {
    const { terminal } = context;
    const plans = await listReplays(parts);
    if (options.json === true) return terminal.out(renderJson({ plans }));
    if (plans.length > 0) terminal.out(listTable(terminal, plans));
    terminal.out(plans.length === 1 ? '1 plan.' : `${plans.length} plans.`);
  });

/** `esteira replay review|status|result|list`: they change nothing. */
export const addReplayLooks = (replay: Command, context: CommandContext, finish: Finish): void => {
  const look = (
    name: string,
    says: string,
    act: (planId: string, options: ResultOptions) => Promise<void>,
  ): Command =>
    replay
      .command(name)
      .description(says)
      .argument('<plan>', 'its id, or the beginning of it')
      .option('--json', 'for programs')
      .action(async (planId: string, _, self: Command) => {
        await act(planId, self.optsWithGlobals<ResultOptions>());
        finish(EXIT.done);
      });
  look('review', 'say what a run of a plan would do, and do none of it', (id, options) =>
    review(context, id, options),
  );
  look('status', 'say where a plan stands', (id, options) => status(context, id, options));
  look('result', 'say what became of each record of a plan', (id, options) =>
    result(context, id, options),
  ).option(
    '--only <outcome>',
    'only with this outcome, such as failed, shelved, dead, or other (not for the job type)',
    oneOf(OUTCOMES),
  );
  replay
    .command('list')
    .description('list all plans, of dead letters and of windows, newest first')
    .option('--json', 'for programs')
    .action(async (_, self: Command) => {
      await list(context, self.optsWithGlobals<CommonOptions>());
      finish(EXIT.done);
    });
};
