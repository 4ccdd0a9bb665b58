import type { z } from 'zod';
import { EsteiraError } from '../../core/errors.ts';
import type { RecordPosition } from '../../core/record.ts';
import type { ControlEntry, ControlLog } from '../control/control-log.ts';
import {
  ApprovalValue,
  BatchValue,
  PlanValue,
  PositionsValue,
  RunValue,
  subjects,
  WishValue,
} from './control-values.ts';
import { unpackOffsets } from './offset-runs.ts';

/** Everything the control topic says of one plan. */
export interface PlanFile {
  readonly planId: string;
  readonly plan: PlanValue;
  /** In order, as many as the plan says. */
  readonly chunks: readonly PositionsValue[];
  readonly approval: ApprovalValue | undefined;
  readonly wish: WishValue | undefined;
  readonly run: RunValue | undefined;
  /** The ledger, in order. Only the last can be open. */
  readonly batches: readonly BatchValue[];
}

/** A value of another kind, or of a newer version, counts as absent. */
const parse = <T>(schema: z.ZodType<T>, entry: ControlEntry | undefined): T | undefined => {
  if (entry === undefined) return undefined;
  const parsed = schema.safeParse(entry.value);
  return parsed.success ? parsed.data : undefined;
};

const several = <T>(
  schema: z.ZodType<T>,
  entries: ReadonlyMap<string, ControlEntry>,
  subjectAt: (index: number) => string,
): readonly T[] => {
  const found: T[] = [];
  for (;;) {
    const value = parse(schema, entries.get(subjectAt(found.length)));
    if (value === undefined) return found;
    found.push(value);
  }
};

/** What these entries of the control topic say of a plan; undefined when there is none. */
export const planFileOf = (
  planId: string,
  entries: ReadonlyMap<string, ControlEntry>,
): PlanFile | undefined => {
  const plan = parse(PlanValue, entries.get(subjects.plan(planId)));
  if (plan === undefined) return undefined;
  return {
    planId,
    plan,
    chunks: several(PositionsValue, entries, (index) => subjects.positions(planId, index)),
    approval: parse(ApprovalValue, entries.get(subjects.approval(planId))),
    wish: parse(WishValue, entries.get(subjects.wish(planId))),
    run: parse(RunValue, entries.get(subjects.run(planId))),
    batches: several(BatchValue, entries, (index) => subjects.batch(planId, index)),
  };
};

/** The ids of all plans, in the order they were made. */
export const planIds = async (control: ControlLog): Promise<readonly string[]> => {
  const entries = await control.read(subjects.all);
  return [...entries.keys()].flatMap((subject) => /^replay\/([^/]+)\/plan$/.exec(subject)?.[1] ?? []);
};

const LEAST_PREFIX = 4;

const idFor = async (control: ControlLog, text: string): Promise<string> => {
  const ids = await planIds(control);
  const [id, another] = ids.includes(text)
    ? [text]
    : ids.filter((one) => text.length >= LEAST_PREFIX && one.startsWith(text));
  if (id !== undefined && another === undefined) return id;
  const why = id === undefined ? 'there is no such plan' : 'several plans begin so';
  throw new EsteiraError('ESTEIRA_USAGE', `plan ${text}: ${why}; \`esteira replay list\` shows all`, {
    facts: { planId: text },
  });
};

const isWhole = ({ chunks, plan }: PlanFile): boolean => chunks.length >= plan.chunks;

/** All plans that are whole, in the order they were made: what else stands under such a subject is none. */
export const allPlanFiles = async (control: ControlLog): Promise<readonly PlanFile[]> => {
  const found: PlanFile[] = [];
  for (const planId of await planIds(control)) {
    const file = planFileOf(planId, await control.read(subjects.of(planId)));
    if (file !== undefined && isWhole(file)) found.push(file);
  }
  return found;
};

/**
 * Reads a plan by its id, or by the beginning of it.
 *
 * @throws EsteiraError ESTEIRA_USAGE when there is none, ESTEIRA_TOPICS_DIFFER, ESTEIRA_BROKER_UNAVAILABLE
 */
export const readPlanFile = async (control: ControlLog, id: string): Promise<PlanFile> => {
  const planId = await idFor(control, id);
  const file = planFileOf(planId, await control.read(subjects.of(planId)));
  if (file !== undefined && isWhole(file)) return file;
  throw new EsteiraError(
    'ESTEIRA_USAGE',
    `plan ${planId} is not whole on the control topic: make a new one`,
    {
      facts: { planId },
    },
  );
};

/** The positions of one chunk of a plan: from the index `from` up to, without, `to`; default all. */
export const positionsOf = (
  { plan, chunks }: PlanFile,
  chunk: number,
  from?: number,
  to?: number,
): readonly RecordPosition[] => {
  const value = chunks[chunk];
  const topic = plan.topics[value?.topic ?? -1]?.topic;
  if (value === undefined || topic === undefined) return [];
  const { partition } = value;
  return unpackOffsets(value.offsets, from, to).map((offset) => ({ topic, partition, offset }));
};
