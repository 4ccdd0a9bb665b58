import type { Command } from 'commander';
import { applyTopics, isSettled, planTopics, type TopicPlan } from '../../runtime/topics/index.ts';
import type { CommandContext, Finish } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { type CommonOptions, type Session, withSession } from '../session.ts';
import { renderJson, renderTable } from '../table.ts';
import { paint, type Terminal } from '../terminal.ts';

interface TopicsOptions extends CommonOptions {
  readonly repairOffsets?: boolean;
}

interface Step {
  readonly what: string;
  readonly on: string;
  readonly detail: string;
}

const topicOptions = ({ config }: Session) => {
  const factor = config.backend === 'kafka' ? config.kafka.replicationFactor : undefined;
  return factor === undefined ? {} : { replicationFactor: factor };
};

const count = (amount: number, what: string): string => `${amount} ${what}${amount === 1 ? '' : 's'}`;

const stepsOf = (plan: TopicPlan, repair: boolean): readonly Step[] => [
  ...plan.create.map(({ topic, partitions, replicationFactor }) => ({
    what: 'create topic',
    on: topic,
    detail: `${count(partitions, 'partition')}, ${count(replicationFactor, 'replica')}`,
  })),
  ...plan.alter.map(({ topic, key, from, to }) => ({
    what: 'change topic',
    on: topic,
    detail: `${key}: ${from ?? 'not set'} to ${to}`,
  })),
  ...plan.firstOffsets.map(({ groupId, topic, from, waiting, skipped }) => ({
    what: 'start group',
    on: groupId,
    detail: `${topic} from ${from}: ${count(waiting, 'record')} waiting, ${skipped} never read`,
  })),
  ...plan.outOfRange.map(({ groupId, topic, partition, committed, low, high }) => ({
    what: repair ? 'repair group' : 'left alone',
    on: groupId,
    detail: `${topic}/${partition}: next is ${committed}, the log has ${low} to ${high}`,
  })),
];

const printPlan = (terminal: Terminal, plan: TopicPlan, repair: boolean): void => {
  const steps = stepsOf(plan, repair);
  if (steps.length > 0) {
    const columns = [
      { title: 'STEP', cell: ({ what }: Step) => what, cuttable: false },
      { title: 'ON', cell: ({ on }: Step) => on },
      { title: 'DETAIL', cell: ({ detail }: Step) => detail },
    ];
    terminal.out(renderTable(terminal, columns, steps));
  }
  for (const problem of plan.problems)
    terminal.out(`${paint(terminal, 'red', 'cannot be applied')}  ${problem}`);
  if (plan.outOfRange.length > 0 && !repair) {
    terminal.out(
      'Offsets outside the log are left alone: `topics apply --repair-offsets` sets them to the first record there is.',
    );
  }
};

const planAsJson = (session: Session, plan: TopicPlan): string => {
  const { create, alter, firstOffsets, outOfRange, problems } = plan;
  const settled = isSettled(plan);
  return renderJson({ app: session.app.name, settled, create, alter, firstOffsets, outOfRange, problems });
};

const plan = (context: CommandContext, options: TopicsOptions): Promise<void> =>
  withSession(context, options, async (session) => {
    const { terminal } = context;
    const found = await planTopics(session.app, session.backend.broker.admin, topicOptions(session));
    if (options.json === true) return terminal.out(planAsJson(session, found));
    printPlan(terminal, found, false);
    terminal.out(
      isSettled(found)
        ? `The topics and groups of ${session.app.name} are as the app says.`
        : 'Nothing was changed: `esteira topics apply` does these steps.',
    );
  });

const apply = (context: CommandContext, options: TopicsOptions): Promise<void> =>
  withSession(context, options, async (session) => {
    const { terminal } = context;
    const repairOffsets = options.repairOffsets ?? false;
    const applyOptions = { ...topicOptions(session), repairOffsets };
    const done = await applyTopics(session.app, session.backend.broker.admin, applyOptions);
    if (options.json === true) return terminal.out(planAsJson(session, done));
    printPlan(terminal, done, repairOffsets);
    terminal.out(isSettled(done) ? 'There was nothing to do.' : 'Done.');
  });

/** `esteira topics plan|apply`. */
export const addTopicsCommands = (program: Command, context: CommandContext, finish: Finish): void => {
  const topics = program.command('topics').description('topics and first offsets, as the app says');
  topics
    .command('plan')
    .description('show what apply would do; changes nothing')
    .option('--json', 'for programs')
    .action(async (_, command: Command) => {
      await plan(context, command.optsWithGlobals<TopicsOptions>());
      finish(EXIT.done);
    });
  topics
    .command('apply')
    .description('create and change topics, and say where new groups start; safe to repeat')
    .option('--repair-offsets', 'set offsets outside the log to the first record there is')
    .option('--json', 'for programs')
    .action(async (_, command: Command) => {
      await apply(context, command.optsWithGlobals<TopicsOptions>());
      finish(EXIT.done);
    });
};
