import { type Command, InvalidArgumentError } from 'commander';
import type { RecordPosition } from '../../core/record.ts';
import {
  approveReplay,
  cancelReplay,
  type PlanFile,
  pauseReplay,
  planReplay,
  type ReplayParts,
  type ReplayProgress,
  type RunResult,
  replayStatus,
  runReplay,
  type StepRequest,
} from '../../runtime/replay/index.ts';
import type { OperatorRole } from '../../security/identity.ts';
import { collectPositions, parseCount, parseDuration } from '../arguments.ts';
import type { CommandContext, Finish } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { type LetterFilterOptions, letterFilterOf, withLetterFilter } from '../letter-filter.ts';
import type { OperatingOptions } from '../operating.ts';
import { openProgress, type Progress } from '../progress.ts';
import { ledgerWords, planText, runText, statusText } from '../replay-view.ts';
import { renderJson } from '../table.ts';
import { addReplayLooks } from './replay-looks.ts';
import { replaying, withWho } from './replay-session.ts';

interface RunOptions extends OperatingOptions {
  readonly rate?: number;
  readonly canary?: number;
  readonly failureRatio?: number;
  readonly canaryWait?: number;
  readonly undecodable?: boolean;
}

/** A whole number from 0. */
const parseCountFromZero = (text: string): number => (text === '0' ? 0 : parseCount(text));

const parseRatio = (text: string): number => {
  const ratio = Number(text);
  if (text.trim() !== '' && ratio >= 0 && ratio <= 1) return ratio;
  throw new InvalidArgumentError('Give a ratio from 0 to 1, such as 0.1.');
};

const plan = (
  context: CommandContext,
  positions: readonly RecordPosition[],
  options: OperatingOptions & LetterFilterOptions,
): Promise<void> =>
  replaying(context, options, 'operator', 'plan a replay', async (parts) => {
    const { terminal } = context;
    const file = await planReplay(parts, { ...letterFilterOf(options), positions, reason: options.reason });
    terminal.out(
      options.json === true ? renderJson({ planId: file.planId, ...file.plan }) : planText(terminal, file),
    );
  });

const EXIT_OF_STATE: Readonly<Record<RunResult['state'], ExitCode>> = {
  finished: EXIT.done,
  paused: EXIT.failed,
  stopped: EXIT.failed,
  cancelled: EXIT.failed,
};

const optionsOf = ({ rate, canary, failureRatio, canaryWait, undecodable }: RunOptions) => ({
  ...(rate === undefined ? {} : { rate }),
  ...(canary === undefined ? {} : { canary }),
  ...(failureRatio === undefined ? {} : { failureRatio }),
  ...(canaryWait === undefined ? {} : { canaryWaitMs: canaryWait }),
  ...(undecodable === undefined ? {} : { undecodable }),
});

/** Draws how far a run is, where that can be seen. */
const drawRun = ({ terminal }: CommandContext) => {
  let line: Progress | undefined;
  return {
    onProgress: ({ settled, total, counts }: ReplayProgress): void => {
      line ??= openProgress(terminal, 'replay', total);
      line.advance(settled, ledgerWords(counts));
    },
    end: (): void => line?.end(),
  };
};

const run = (
  context: CommandContext,
  planId: string,
  options: RunOptions,
  resume: boolean,
): Promise<ExitCode> =>
  replaying(context, options, 'operator', 'run a replay', async (parts) => {
    const { terminal } = context;
    const signal = context.listenForStop();
    const stop = new AbortController();
    void signal.asked.then(() => stop.abort());
    const drawn = drawRun(context);
    try {
      const request = { planId, reason: options.reason, resume, options: optionsOf(options) };
      const { onProgress } = drawn;
      const result = await runReplay(parts, { ...request, onProgress, stop: stop.signal });
      drawn.end();
      terminal.out(options.json === true ? renderJson(result) : runText(result));
      return EXIT_OF_STATE[result.state];
    } finally {
      drawn.end();
      signal.ignore();
    }
  });

/** Steps that only leave a word on the control topic. */
const STEPS = {
  approve: { role: 'approver', take: approveReplay, says: 'agree to a plan, as a second person' },
  pause: {
    role: 'operator',
    take: pauseReplay,
    says: 'let a run end after its next batch; it can be resumed',
  },
  cancel: {
    role: 'operator',
    take: cancelReplay,
    says: 'end a plan for good; what was replayed stays replayed',
  },
} as const satisfies Record<
  string,
  {
    readonly role: OperatorRole;
    readonly take: (parts: ReplayParts, request: StepRequest) => Promise<PlanFile>;
    readonly says: string;
  }
>;

const step = (
  context: CommandContext,
  name: keyof typeof STEPS,
  planId: string,
  options: OperatingOptions,
): Promise<void> =>
  replaying(context, options, STEPS[name].role, `${name} a replay`, async (parts) => {
    const file = await STEPS[name].take(parts, { planId, reason: options.reason });
    const found = await replayStatus(parts, file.planId);
    context.terminal.out(
      options.json === true ? renderJson(found) : statusText(context.terminal, found, new Map()),
    );
  });

const addRuns = (replay: Command, context: CommandContext, finish: Finish): void => {
  withWho(replay.command('run').description('run a plan: replay its records, evenly, a canary first'))
    .argument('<plan>', 'its id, or the beginning of it')
    .option('--rate <count>', 'records a second; 0 for as fast as it goes (default: 100)', parseCountFromZero)
    .option('--canary <count>', 'so many first; 0 for none (default: 20)', parseCountFromZero)
    .option('--failure-ratio <ratio>', 'stop when more of the canary fails (default: 0.1)', parseRatio)
    .option('--canary-wait <time>', 'how long to wait for its outcomes (default: 2m)', parseDuration)
    .option('--undecodable', 'also those that no longer decode')
    .action(async (id: string, _, self: Command) =>
      finish(await run(context, id, self.optsWithGlobals<RunOptions>(), false)),
    );
  withWho(replay.command('resume').description('go on with a run that was paused, stopped or interrupted'))
    .argument('<plan>', 'its id, or the beginning of it')
    .action(async (id: string, _, self: Command) =>
      finish(await run(context, id, self.optsWithGlobals<RunOptions>(), true)),
    );
};

/** `esteira replay plan|review|approve|run|status|result|pause|resume|cancel|list`. */
export const addReplayCommands = (program: Command, context: CommandContext, finish: Finish): void => {
  const replay = program
    .command('replay')
    .description('run many dead letters, or a window of events, again: plan, review, run, result');
  withWho(withLetterFilter(replay.command('plan')))
    .description('choose dead letters and freeze the choice; replays nothing')
    .argument('[positions...]', 'topic/partition/offset, in place of conditions', collectPositions)
    .action(async (positions: readonly RecordPosition[] | undefined, _, self: Command) => {
      await plan(context, positions ?? [], self.optsWithGlobals<OperatingOptions & LetterFilterOptions>());
      finish(EXIT.done);
    });
  addReplayLooks(replay, context, finish);
  addRuns(replay, context, finish);
  for (const name of ['approve', 'pause', 'cancel'] as const)
    withWho(replay.command(name).description(STEPS[name].says))
      .argument('<plan>', 'its id, or the beginning of it')
      .action(async (id: string, _, self: Command) => {
        await step(context, name, id, self.optsWithGlobals<OperatingOptions>());
        finish(EXIT.done);
      });
};
