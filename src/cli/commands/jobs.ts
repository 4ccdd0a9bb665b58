import type { Command } from 'commander';
import { EsteiraError } from '../../core/errors.ts';
import type { JobEvent } from '../../core/generated/job-event.ts';
import { unknownName } from '../../core/nearest-name.ts';
import { formatPosition } from '../../core/record.ts';
import { historyFrom } from '../../runtime/analytics/index.ts';
import {
  type Explanation,
  explainJob,
  inspectJob,
  type JobEvidence,
  shortName,
  timeWords,
} from '../../runtime/inspection/index.ts';
import { redactText } from '../../security/redact.ts';
import { parseDuration, parsePriority, parseTime } from '../arguments.ts';
import type { CommandContext, Finish } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { readPayload } from '../payload-argument.ts';
import { addProducingOptions, originOf, type ProducingOptions, withProducer } from '../producing.ts';
import { withProjectionIfAny } from '../projecting.ts';
import { type CommonOptions, withSession } from '../session.ts';
import { type Column, renderJson, renderTable } from '../table.ts';
import { paint, printable, type Terminal } from '../terminal.ts';
import { addCancelCommand } from './control.ts';
import { addJobsList } from './jobs-list.ts';

interface DispatchCommandOptions extends ProducingOptions {
  readonly delay?: number;
  readonly priority?: number;
}

const timingOf = ({ delay, priority }: DispatchCommandOptions) => ({
  ...(delay === undefined ? {} : { delay }),
  ...(priority === undefined ? {} : { priority }),
});

const dispatch = async (
  context: CommandContext,
  type: string,
  options: DispatchCommandOptions,
): Promise<void> => {
  const { terminal } = context;
  const payload = await readPayload(terminal, options.payload);
  const asked = { action: 'jobs.dispatch', subject: type } as const;
  const dispatched = await withProducer(context, options, asked, async (esteira, app, audited) => {
    const job = app.jobs.find((one) => one.type === type || one.className === type);
    if (job !== undefined) {
      await audited();
      return esteira.dispatch(job, payload, { ...originOf(options), ...timingOf(options) });
    }
    throw new EsteiraError(
      'ESTEIRA_JOB_TYPE_UNKNOWN',
      unknownName(
        `app ${app.name} has no job type`,
        type,
        app.jobs.map((one) => one.type),
      ),
      { facts: { jobType: type } },
    );
  });
  if (options.json === true) return terminal.out(renderJson(dispatched));
  const due = dispatched.dueMs === undefined ? '' : `, due ${new Date(dispatched.dueMs).toISOString()}`;
  terminal.out(`dispatched ${dispatched.type} as job ${dispatched.id}${due}`);
};

interface LookOptions extends CommonOptions {
  readonly tenant?: string;
  readonly since?: number;
}

const DAY_MS = 86_400_000;

const iso = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString());

/** What is known of a job, for programs and people. */
const factsOf = (found: JobEvidence, explained: Explanation) => {
  const { jobId, job, tenant, history, copy, order, telemetry, isCut, gaps } = found;
  const last = history.at(-1);
  return {
    jobId,
    jobType: job?.type ?? last?.jobType ?? null,
    queue: job?.queue ?? last?.queue ?? null,
    tenant: tenant === undefined ? null : shortName(tenant),
    correlationId: last?.correlationId ?? null,
    state: explained.state,
    since: iso(explained.sinceMs),
    waitsFor: explained.waitsFor,
    due: iso(explained.dueMs),
    origin: history.find(({ origin }) => origin !== '')?.origin ?? null,
    position: copy === undefined ? (found.deadLetter ?? null) : formatPosition(copy.record),
    orderKey: order === undefined ? null : shortName(order.sequence.orderKey),
    attempts: last === undefined ? null : Math.max(...history.map(({ attempt }) => attempt)),
    starts: last === undefined ? null : Math.max(...history.map(({ starts }) => starts)),
    says: explained.says,
    todo: explained.todo,
    historyFrom: telemetry.from ?? 'topic',
    lookedBackTo: iso(telemetry.backToMs),
    isCut: isCut || telemetry.isCut,
    gaps,
  };
};

const look = <T>(
  context: CommandContext,
  jobId: string,
  options: LookOptions,
  tell: (terminal: Terminal, found: JobEvidence, explained: Explanation) => T,
): Promise<T> =>
  withSession(context, options, async ({ app, backend }) => {
    const nowMs = Date.now();
    const { tenant, since = nowMs - DAY_MS } = options;
    const query = { jobId, sinceMs: since, nowMs, ...(tenant === undefined ? {} : { tenant }) };
    const found = await withProjectionIfAny(context.terminal, options, (projection) =>
      inspectJob({ app, backend }, query, projection && historyFrom(projection)),
    );
    return tell(context.terminal, found, explainJob(found));
  });

/** What was not looked at, so that nobody takes silence for an answer. */
const limitsOfLook = ({ telemetry, gaps, nowMs }: JobEvidence): readonly string[] => [
  ...(telemetry.isCut
    ? [
        `Not looked at: what was told before ${timeWords(telemetry.backToMs, nowMs)}; give --tenant to read less.`,
      ]
    : []),
  ...gaps.map((gap) => `Not looked at: ${gap}`),
];

const why = (terminal: Terminal, found: JobEvidence, explained: Explanation, json: boolean): ExitCode => {
  const facts = factsOf(found, explained);
  if (json) terminal.out(renderJson(facts));
  else {
    const who = facts.jobType === null ? `job ${found.jobId}` : `${facts.jobType} ${found.jobId}`;
    terminal.out(`${printable(who)} is ${paint(terminal, 'bold', explained.state)}.`);
    terminal.out(printable(redactText(explained.says, 2_048)));
    terminal.out(`What to do: ${printable(explained.todo)}`);
    for (const line of limitsOfLook(found)) terminal.out(printable(line));
  }
  return explained.state === 'unknown' ? EXIT.failed : EXIT.done;
};

const HISTORY: readonly Column<JobEvent>[] = [
  { title: 'TIME', cell: ({ time }) => iso(time), cuttable: false },
  { title: 'EVENT', cell: ({ type }) => type, cuttable: false },
  { title: 'ATTEMPT', cell: ({ attempt, maxAttempts }) => `${attempt} of ${maxAttempts}` },
  { title: 'REASON', cell: ({ reason }) => reason },
  { title: 'ERROR', cell: ({ errorCode }) => errorCode },
  { title: 'DUE', cell: ({ dueAt }) => iso(dueAt ?? undefined) },
  { title: 'HOST', cell: ({ host }) => host },
];

const show = (terminal: Terminal, found: JobEvidence, explained: Explanation, json: boolean): ExitCode => {
  const facts = factsOf(found, explained);
  if (json) terminal.out(renderJson({ ...facts, history: found.history }));
  else {
    const { says, todo, gaps: _, isCut: __, ...listed } = facts;
    const known = Object.entries(listed).filter(([, value]) => value !== null);
    const widest = Math.max(...known.map(([name]) => name.length));
    for (const [name, value] of known)
      terminal.out(`${paint(terminal, 'bold', name.padEnd(widest))}  ${printable(String(value))}`);
    terminal.out(printable(redactText(says, 2_048)));
    terminal.out(`What to do: ${printable(todo)}`);
    if (found.history.length > 0) terminal.out(`\n${renderTable(terminal, HISTORY, found.history)}`);
    for (const line of limitsOfLook(found)) terminal.out(printable(line));
  }
  return explained.state === 'unknown' ? EXIT.failed : EXIT.done;
};

const LOOKS = {
  why: { tell: why, description: 'say where a job is, what it waits for, and what to do' },
  show: { tell: show, description: 'show what is known of a job and all that was told of it, newest last' },
} as const;

const addLooks = (jobs: Command, context: CommandContext, finish: Finish): void => {
  for (const [name, { tell, description }] of Object.entries(LOOKS)) {
    jobs
      .command(name)
      .description(description)
      .argument('<id>', 'job id')
      .option('--tenant <id>', 'whose job it is: less is read')
      .option('--since <time>', 'how far to look back (default: 24h)', parseTime)
      .option('--json', 'for programs')
      .action(async (id: string, _, command: Command) => {
        const options = command.optsWithGlobals<LookOptions>();
        finish(
          await look(context, id, options, (terminal, found, explained) =>
            tell(terminal, found, explained, options.json === true),
          ),
        );
      });
  }
};

/** `esteira jobs dispatch|list|show|why|cancel`. */
export const addJobsCommands = (program: Command, context: CommandContext, finish: Finish): void => {
  const jobs = program.command('jobs').description('jobs: asking for one, and where one is');
  const command = jobs
    .command('dispatch')
    .description('ask for a job; its payload is checked before it leaves')
    .argument('<type>', 'job type')
    .requiredOption('--tenant <id>', 'whose job it is')
    .requiredOption('--payload <json>', 'JSON, @file, or - for standard input')
    .option('--id <id>', 'the same id is the same job: give it to repeat safely')
    .option('--delay <time>', 'how long to wait before it may start, such as 10m', parseDuration)
    .option('--priority <number>', '1 (first) to 10', parsePriority);
  addProducingOptions(command).action(async (type: string, _, self: Command) => {
    await dispatch(context, type, self.optsWithGlobals<DispatchCommandOptions>());
    finish(EXIT.done);
  });
  addJobsList(jobs, context, finish);
  addLooks(jobs, context, finish);
  addCancelCommand(jobs, context, finish);
};
