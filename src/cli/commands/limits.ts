import { type Command, InvalidArgumentError } from 'commander';
import type { AppDefinition } from '../../core/app.ts';
import type { LimitRule } from '../../core/control-rules.ts';
import { tenantLimitsOf } from '../../core/queue.ts';
import { resolveStartRate, type StartRate } from '../../core/start-rate.ts';
import { changeLimit, controlRules, type LimitValues } from '../../runtime/control/index.ts';
import { shortName, timeWords } from '../../runtime/inspection/index.ts';
import { parseCount, parseDuration } from '../arguments.ts';
import type { CommandContext, Finish } from '../context.ts';
import { limitWords, tellChanges } from '../control-view.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { addOperatingOptions, type OperatingOptions, withOperator } from '../operating.ts';
import { type CommonOptions, withSession } from '../session.ts';
import { renderJson, renderTable } from '../table.ts';

interface LimitOptions extends OperatingOptions {
  readonly tenant?: string;
  readonly concurrency?: number;
  readonly limit?: number;
  readonly startRate?: StartRate;
}

/** So many starts in so long, such as `100/1m`. */
const parseStartRate = (text: string): StartRate => {
  const [count = '', per = '', ...more] = text.split('/');
  if (more.length > 0) throw new InvalidArgumentError('Give a rate such as 100/1m.');
  return resolveStartRate({ count: parseCount(count), per: parseDuration(per) }, '--start-rate');
};

const valuesOf = ({ concurrency, limit, startRate }: LimitOptions): LimitValues => ({
  ...(concurrency === undefined ? {} : { concurrency }),
  ...(limit === undefined ? {} : { limit }),
  ...(startRate === undefined ? {} : { startRate }),
});

const change = (
  context: CommandContext,
  queue: string,
  options: LimitOptions,
  values: LimitValues | undefined,
): Promise<ExitCode> =>
  withOperator(context, options, 'operator', 'change limits', async (session) => {
    const { tenant } = options;
    const whose = { queue, ...(tenant === undefined ? {} : { tenant }) };
    const done = await changeLimit(session, { ...session.request, ...whose, values });
    return tellChanges(context.terminal, [done], options.json === true);
  });

/** What the app says where an operator has set something else. */
const ofApp = (app: AppDefinition, { queue: name, tenant }: LimitRule): string => {
  const queue = app.queues.get(name);
  if (queue === undefined) return 'no such queue';
  return limitWords(tenant === undefined ? queue : tenantLimitsOf(queue, undefined));
};

const list = (context: CommandContext, options: CommonOptions): Promise<void> =>
  withSession(context, options, async (session) => {
    const { terminal } = context;
    const { limits } = await controlRules(session);
    if (options.json === true) return terminal.out(renderJson({ limits }));
    const nowMs = Date.now();
    const columns = [
      { title: 'QUEUE', cell: ({ queue }: LimitRule) => queue, cuttable: false },
      { title: 'TENANT', cell: ({ tenant }: LimitRule) => tenant ?? null },
      { title: 'IS', cell: (rule: LimitRule) => limitWords(rule), cuttable: false },
      { title: 'THE APP SAYS', cell: (rule: LimitRule) => ofApp(session.app, rule) },
      { title: 'SINCE', cell: ({ atMs }: LimitRule) => timeWords(atMs, nowMs) },
      { title: 'BY', cell: ({ actor }: LimitRule) => shortName(actor) },
      { title: 'BECAUSE', cell: ({ reason }: LimitRule) => reason },
    ];
    if (limits.length > 0) terminal.out(renderTable(terminal, columns, limits));
    else terminal.out('No limit was changed: those of the app hold.');
  });

/** `esteira limits set|clear|list`. */
export const addLimitsCommands = (program: Command, context: CommandContext, finish: Finish): void => {
  const limits = program.command('limits').description('limits of queues and tenants, in place of the app’s');
  const set = limits
    .command('set')
    .description('set the limits of a queue, or of a tenant in it; a dry run unless --run is given')
    .argument('<queue>', 'queue')
    .option('--tenant <id>', 'of this tenant; default the queue’s own')
    .option('--concurrency <count>', 'jobs at once in one process', parseCount)
    .option('--limit <count>', 'jobs at once over all processes', parseCount)
    .option('--start-rate <rate>', 'starts over all processes, such as 100/1m', parseStartRate);
  addOperatingOptions(set).action(async (queue: string, _, self: Command) => {
    const options = self.optsWithGlobals<LimitOptions>();
    finish(await change(context, queue, options, valuesOf(options)));
  });
  const clear = limits
    .command('clear')
    .description('let the limits of the app hold again; a dry run unless --run is given')
    .argument('<queue>', 'queue')
    .option('--tenant <id>', 'those of this tenant; default the queue’s own');
  addOperatingOptions(clear).action(async (queue: string, _, self: Command) =>
    finish(await change(context, queue, self.optsWithGlobals<LimitOptions>(), undefined)),
  );
  limits
    .command('list')
    .description('list the limits that were changed, and what the app says')
    .option('--json', 'for programs')
    .action(async (_, self: Command) => {
      await list(context, self.optsWithGlobals<CommonOptions>());
      finish(EXIT.done);
    });
};
