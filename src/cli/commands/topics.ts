import type { Command } from 'commander';
import { identityOf } from '../../runtime/service-identity.ts';
import {
  applyTopics,
  auditRisk,
  isSettled,
  type PlanOptions,
  planTopics,
  type TopicPlan,
} from '../../runtime/topics/index.ts';
import type { CommandContext, Finish } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { operatorWho } from '../operating.ts';
import { type CommonOptions, type Session, withSession } from '../session.ts';
import { renderJson } from '../table.ts';
import { closing, planCounts, planFacts, renderPlan } from '../topics-view.ts';

interface TopicsOptions extends CommonOptions {
  readonly allowRekey?: boolean;
  readonly dropOrphans?: boolean;
  readonly repairOffsets?: boolean;
  readonly check?: boolean;
  readonly actor?: string;
  readonly reason?: string;
}

const planOptions = ({ config }: Session, options: TopicsOptions): PlanOptions => {
  const factor = config.backend === 'kafka' ? config.kafka.replicationFactor : undefined;
  return {
    allowRekey: options.allowRekey ?? false,
    dropOrphans: options.dropOrphans ?? false,
    repairOffsets: options.repairOffsets ?? false,
    ...(factor === undefined ? {} : { replicationFactor: factor }),
  };
};

/** As a gate before a deploy: 3 when apply would refuse, 1 when it would do something, 0 when there is nothing to do. */
const gate = (plan: TopicPlan): ExitCode => {
  if (plan.refused.length > 0) return EXIT.refused;
  return isSettled(plan) ? EXIT.done : EXIT.failed;
};

const planWords = (app: string, found: TopicPlan): string => {
  if (isSettled(found)) return `The topics and groups of ${app} are as the app says.`;
  const next = found.refused.length > 0 ? 'is refused until what is marked ! is settled' : 'does it';
  return `${app}: ${planCounts(found, 'planned')}. Nothing was changed: \`esteira topics apply\` ${next}.`;
};

const plan = (context: CommandContext, options: TopicsOptions): Promise<ExitCode> =>
  withSession(context, options, async (session) => {
    const { terminal } = context;
    const asked = planOptions(session, options);
    const { app, backend } = session;
    const found = await planTopics(app, backend.broker.admin, asked);
    const code = options.check === true ? gate(found) : EXIT.done;
    if (options.json === true) {
      terminal.out(renderJson(planFacts(app.name, found)));
      return code;
    }
    const shown = renderPlan(terminal, found, asked);
    if (shown !== '') terminal.out(`${shown}\n`);
    terminal.out(closing(terminal, planWords(app.name, found)));
    return code;
  });

/** Whoever does what cannot be taken back is an approver, says why, and is audited first. */
const auditing =
  (context: CommandContext, { app, backend, config }: Session, options: TopicsOptions, asked: PlanOptions) =>
  (found: TopicPlan): Promise<void> =>
    auditRisk(
      {
        ...{ app, backend, nowMs: Date.now() },
        identity: identityOf(app, config),
        who: async () => {
          const { actor } = await operatorWho(context, config, options, 'approver', 'topics apply');
          return { actor, reason: options.reason ?? '' };
        },
      },
      found,
      asked,
    );

const apply = (context: CommandContext, options: TopicsOptions): Promise<ExitCode> =>
  withSession(context, options, async (session) => {
    const { terminal } = context;
    const asked = planOptions(session, options);
    const { app, backend } = session;
    const done = await applyTopics(
      ...([app, backend.broker.admin, asked] as const),
      auditing(context, session, options, asked),
    );
    if (options.json === true) {
      terminal.out(renderJson(planFacts(app.name, done)));
      return EXIT.done;
    }
    const shown = renderPlan(terminal, done, asked);
    if (shown !== '') terminal.out(`${shown}\n`);
    terminal.out(isSettled(done) ? 'There was nothing to do.' : `${app.name}: ${planCounts(done, 'done')}.`);
    return EXIT.done;
  });

const addFlags = (command: Command): Command =>
  command
    .option(
      '--allow-rekey',
      'add partitions to topics with records, too: the order of their keys breaks once',
    )
    .option('--drop-orphans', 'delete drained topics that the app does not have any more')
    .option('--repair-offsets', 'set offsets outside the log to the first record there is')
    .option('--json', 'for programs');

/** `esteira topics plan|apply`. */
export const addTopicsCommands = (program: Command, context: CommandContext, finish: Finish): void => {
  const topics = program.command('topics').description('topics and first offsets, as the app says');
  const planning = topics
    .command('plan')
    .description('show what apply would do with the same options; changes nothing')
    .option('--check', 'end with 1 when there is something to do, 3 when apply would refuse');
  addFlags(planning).action(async (_, command: Command) =>
    finish(await plan(context, command.optsWithGlobals<TopicsOptions>())),
  );
  const applying = topics
    .command('apply')
    .description('create and change topics, and say where new groups start; safe to repeat');
  addFlags(applying)
    .option(
      '--actor <who>',
      'who decides what cannot be taken back; goes into the audit (default: who you are)',
    )
    .option('--reason <why>', 'why; needed where it cannot be taken back')
    .action(async (_, command: Command) =>
      finish(await apply(context, command.optsWithGlobals<TopicsOptions>())),
    );
};
