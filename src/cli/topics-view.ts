import { countWords, lengthWords } from '../runtime/inspection/time-words.ts';
import { type FirstOffsets, isSettled, type PlanOptions, type TopicPlan } from '../runtime/topics/index.ts';
import { paint, printable, type Terminal } from './terminal.ts';
import { hang, textWidth } from './wrap.ts';

/** `+` is made, `~` is changed, `-` is left behind or deleted, `!` is refused. */
type Mark = '+' | '~' | '-' | '!';

/** One line of a plan; more than one where it does not fit. */
interface Line {
  readonly mark: Mark;
  readonly subject: string;
  readonly detail: string;
  readonly todo?: string;
}

const STYLES = { '+': 'green', '~': 'yellow', '-': 'red', '!': 'red' } as const satisfies Record<
  Mark,
  string
>;
/** Longer names do not push the details of all others to the right. */
const WIDEST_SUBJECT = 48;

const isTime = (key: string): boolean => key.endsWith('.ms');

/** A setting as it is written, and what it means where that is not plain. */
const settingWords = (key: string, value: string | undefined): string => {
  if (value === undefined) return 'not set';
  return isTime(key) && Number(value) > 0 ? `${value} (${lengthWords(Number(value))})` : value;
};

const created = ({ create }: TopicPlan): readonly Line[] =>
  create.map(({ topic, partitions, replicationFactor, config }) => {
    const keptMs = Number(config['retention.ms'] ?? 0);
    const kept = config['cleanup.policy'] === 'compact' ? ['compacted'] : [];
    const length = keptMs > 0 ? [`kept ${lengthWords(keptMs)}`] : [];
    const facts = [countWords(partitions, 'partition'), countWords(replicationFactor, 'replica')];
    return { mark: '+', subject: topic, detail: [...facts, ...kept, ...length].join(', ') };
  });

const changed = ({ grow, alter, refused }: TopicPlan): readonly Line[] => {
  const isRefused = (topic: string): boolean => refused.some(({ subject }) => subject === `topic ${topic}`);
  return [
    ...grow
      .filter(({ topic }) => !isRefused(topic))
      .map(({ topic, from, to }) => ({
        mark: '~' as const,
        subject: topic,
        detail: `partitions ${from} -> ${to}`,
      })),
    ...alter.map(({ topic, key, from, to }) => ({
      mark: '~' as const,
      subject: topic,
      detail: `${key} ${settingWords(key, from)} -> ${settingWords(key, to)}`,
    })),
  ];
};

const orphaned = ({ orphans, drop, refused }: TopicPlan): readonly Line[] =>
  orphans
    .filter(({ topic }) => !refused.some(({ subject }) => subject === `topic ${topic}`))
    .map(({ topic, kind, records, members }) => {
      const what = `${kind} that the app does not have`;
      if (drop.includes(topic))
        return { mark: '-', subject: topic, detail: `${what}: deleted, it is drained` };
      const holds = records === 0 ? 'drained' : `${countWords(records, 'record')} on it`;
      const who = members === 0 ? '' : `, ${countWords(members, 'member')} of its group up`;
      return { mark: '-', subject: topic, detail: `${what}: left alone, ${holds}${who}` };
    });

/** Starts where nothing stands yet, a line a group; where something does, a line each, with what that means. */
const starts = ({ firstOffsets }: TopicPlan): readonly Line[] => {
  const quiet = firstOffsets.filter(({ waiting, skipped }) => waiting + skipped === 0);
  const byGroup = new Map<string, readonly FirstOffsets[]>();
  for (const one of quiet) {
    const name = `${one.groupId} from ${one.from}`;
    byGroup.set(name, [...(byGroup.get(name) ?? []), one]);
  }
  return [
    ...[...byGroup.values()].flatMap(([first, ...more]) => {
      if (first === undefined) return [];
      const { groupId, topic, from } = first;
      const where = more.length === 0 ? topic : countWords(more.length + 1, 'topic');
      return [{ mark: '+' as const, subject: groupId, detail: `${where} from ${from}` }];
    }),
    ...firstOffsets
      .filter((one) => !quiet.includes(one))
      .map(({ groupId, topic, from, waiting, skipped }) => ({
        mark: '+' as const,
        subject: groupId,
        detail: `${topic} from ${from}: ${countWords(waiting, 'record')} waiting, ${skipped} never read`,
      })),
  ];
};

const outside = ({ outOfRange }: TopicPlan, { repairOffsets }: PlanOptions): readonly Line[] =>
  outOfRange.map(({ groupId, topic, partition, committed, low, high }) => {
    const detail = `${topic}/${partition}: next is ${committed}, the log has ${low} to ${high}`;
    return repairOffsets === true
      ? { mark: '~', subject: groupId, detail: `${detail}; set to ${low}` }
      : {
          mark: '!',
          subject: groupId,
          detail: `${detail}; left alone`,
          todo: '--repair-offsets sets it to the first record there is',
        };
  });

const refusals = ({ refused }: TopicPlan): readonly Line[] =>
  refused.map(({ subject, why, todo }) => ({ mark: '!', subject, detail: why, todo }));

/** Into a pipe lines go whole: each is for `grep`. */
const widthOf = (terminal: Terminal): number =>
  terminal.columns === undefined ? Number.POSITIVE_INFINITY : textWidth(terminal);

const renderLine = (terminal: Terminal, { mark, subject, detail, todo }: Line, widest: number): string => {
  const width = widthOf(terminal);
  const head = `  ${mark} ${printable(subject).padEnd(widest)}`;
  const indent = head.length + 2;
  // A detail that would stand in a narrow strip goes below its subject.
  const narrow = width - indent < 30;
  const text = printable(detail);
  const body = narrow ? `\n      ${hang(text, 6, width)}` : `  ${hang(text, indent, width)}`;
  const advice = todo === undefined ? '' : `\n      -> ${hang(printable(todo), 9, width)}`;
  const shown = narrow ? head.trimEnd() : head;
  return `${shown.replace(mark, paint(terminal, STYLES[mark], mark))}${body}${advice}`;
};

const chapter = (terminal: Terminal, title: string, lines: readonly Line[]): readonly string[] => {
  if (lines.length === 0) return [];
  const fitting = lines.map(({ subject }) => subject.length).filter((length) => length <= WIDEST_SUBJECT);
  const widest = Math.max(0, ...fitting);
  return [
    [paint(terminal, 'bold', title), ...lines.map((line) => renderLine(terminal, line, widest))].join('\n'),
  ];
};

/** What a plan comes to, or what applying it came to, in one line. */
export const planCounts = (plan: TopicPlan, tense: 'planned' | 'done'): string => {
  const changes = new Set([...plan.alter, ...plan.grow].map(({ topic }) => topic)).size;
  const groups = new Set(plan.firstOffsets.map(({ groupId }) => groupId)).size;
  const counts: readonly (readonly [number, string, string])[] = [
    [plan.create.length, 'to create', 'created'],
    [changes, 'to change', 'changed'],
    [
      groups,
      groups === 1 ? 'group to start' : 'groups to start',
      groups === 1 ? 'group started' : 'groups started',
    ],
    [plan.drop.length, 'to delete', 'deleted'],
    [plan.orphans.length - plan.drop.length, 'left behind', 'left behind'],
    [plan.outOfRange.length, 'outside the log', 'outside the log'],
    [plan.refused.length, 'refused', 'refused'],
  ];
  const said = counts
    .filter(([count]) => count > 0)
    .map(([count, planned, done]) => `${count} ${tense === 'planned' ? planned : done}`);
  return said.length === 0 ? 'nothing to do' : said.join(', ');
};

/** The difference between the broker and the app, a line each, grouped; empty where there is none. */
export const renderPlan = (terminal: Terminal, plan: TopicPlan, options: PlanOptions): string =>
  [
    ...chapter(terminal, 'topics', [...created(plan), ...changed(plan), ...orphaned(plan)]),
    ...chapter(terminal, 'groups', [...starts(plan), ...outside(plan, options)]),
    ...chapter(terminal, 'refused', refusals(plan)),
  ].join('\n\n');

/** A plan for programs. */
export const planFacts = (app: string, plan: TopicPlan) => {
  const { create, grow, alter, firstOffsets, outOfRange, orphans, drop, refused } = plan;
  return {
    app,
    settled: isSettled(plan),
    ...{ create, grow, alter, firstOffsets, outOfRange, orphans, drop, refused },
  };
};

/** What a command about a plan says at its end, as long as the screen is wide. */
export const closing = (terminal: Terminal, text: string): string => hang(text, 0, widthOf(terminal));
