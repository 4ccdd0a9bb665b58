import { z } from 'zod';

/** What every rule on the control topic says: who, why, and which audit record was written before it. */
const said = {
  v: z.literal(1),
  /** Epoch ms. */
  atMs: z.number(),
  actor: z.string(),
  reason: z.string(),
  auditId: z.string(),
};

const name = z.string().min(1);
const count = z.int().min(1);

/** What a pause stops: a queue, a job type, a tenant (in all job types, or in one), or one ordering key. */
const pauseTarget = z.discriminatedUnion('what', [
  z.object({ what: z.literal('queue'), queue: name }),
  z.object({ what: z.literal('type'), jobType: name }),
  z.object({ what: z.literal('tenant'), tenant: name, jobType: name.optional() }),
  z.object({ what: z.literal('key'), jobType: name, tenant: name, key: z.string() }),
]);

const pauseRule = z.object({
  ...said,
  kind: z.literal('pause'),
  target: pauseTarget,
  /** Set by the dead-letter guard: how many were dead, of how many. */
  guard: z.object({ dead: count, of: count }).optional(),
});
const cancelRule = z.object({ ...said, kind: z.literal('cancel'), jobId: name, jobType: name });
const purgeRule = z.object({
  ...said,
  kind: z.literal('purge'),
  jobType: name,
  /** For each partition, `topic/partition`, the offset behind the last record that is purged. */
  ends: z.record(z.string(), z.string().regex(/^\d{1,19}$/)),
});
const limitRule = z.object({
  ...said,
  kind: z.literal('limit'),
  queue: name,
  /** Absent: the queue's own limits. */
  tenant: name.optional(),
  /** Jobs at once in one process. */
  concurrency: count.optional(),
  /** Jobs at once over all processes. */
  limit: count.optional(),
  /** Starts over all processes. */
  startRate: z.object({ count, perMs: count, burst: count }).optional(),
});

/** What stands on the control topic under a rule's subject. */
export const controlRule = z.discriminatedUnion('kind', [pauseRule, cancelRule, purgeRule, limitRule]);

export type PauseTarget = z.infer<typeof pauseTarget>;
export type PauseRule = z.infer<typeof pauseRule>;
export type CancelRule = z.infer<typeof cancelRule>;
export type PurgeRule = z.infer<typeof purgeRule>;
export type LimitRule = z.infer<typeof limitRule>;

/** What operators have ordered and workers obey, as it stands on the control topic. */
export type ControlRule = z.infer<typeof controlRule>;

/** The first parts of the subjects of rules; everything else on the control topic is somebody else's. */
export const RULE_PREFIXES = ['pause/', 'cancel/', 'purge/', 'limit/'] as const;

/** Whether what stands under this subject is a rule. */
export const isRuleSubject = (subject: string): boolean =>
  RULE_PREFIXES.some((prefix) => subject.startsWith(prefix));

const path = (...parts: readonly string[]): string => parts.map((part) => encodeURIComponent(part)).join('/');

/** The subject of what a pause stops. */
export const pauseSubject = (target: PauseTarget): string => {
  switch (target.what) {
    case 'queue':
      return path('pause', 'queue', target.queue);
    case 'type':
      return path('pause', 'type', target.jobType);
    case 'tenant':
      return path(
        'pause',
        'tenant',
        target.tenant,
        ...(target.jobType === undefined ? [] : [target.jobType]),
      );
    case 'key':
      return path('pause', 'key', target.jobType, target.tenant, target.key);
  }
};

export const limitSubject = ({ queue, tenant }: Pick<LimitRule, 'queue' | 'tenant'>): string =>
  tenant === undefined ? path('limit', 'queue', queue) : path('limit', 'tenant', queue, tenant);

export const cancelSubject = (jobId: string): string => path('cancel', jobId);

export const purgeSubject = (jobType: string): string => path('purge', jobType);

/** Where a rule stands: the subject is made of what it says, so that two rules about one thing never stand side by side. */
export const subjectOfRule = (rule: ControlRule): string => {
  switch (rule.kind) {
    case 'pause':
      return pauseSubject(rule.target);
    case 'limit':
      return limitSubject(rule);
    case 'cancel':
      return cancelSubject(rule.jobId);
    case 'purge':
      return purgeSubject(rule.jobType);
  }
};

/** What is wrong with a value under a rule's subject. */
export interface UnreadRule {
  readonly subject: string;
  readonly problem: 'unknown' | 'elsewhere';
}

/**
 * Reads what stands under a rule's subject. `unknown`: it is none of the rules this version knows; `elsewhere`: it
 * belongs under another subject.
 */
export const readRule = (subject: string, value: unknown): ControlRule | UnreadRule => {
  const read = controlRule.safeParse(value);
  if (!read.success) return { subject, problem: 'unknown' };
  return subjectOfRule(read.data) === subject ? read.data : { subject, problem: 'elsewhere' };
};

/** The command that lets go on what is paused. */
export const resumeCommand = (target: PauseTarget): string => {
  switch (target.what) {
    case 'queue':
      return `esteira resume queue ${target.queue}`;
    case 'type':
      return `esteira resume type ${target.jobType}`;
    case 'tenant':
      return `esteira resume tenant ${target.tenant}${target.jobType === undefined ? '' : ` --job-type ${target.jobType}`}`;
    case 'key':
      return `esteira resume key ${target.key} --job-type ${target.jobType} --tenant ${target.tenant}`;
  }
};

/** What a dead-letter guard has suspended, why, and how it goes on. */
export const suspensionWords = ({ target, reason }: PauseRule): string =>
  `${targetWords(target)} is suspended by its dead-letter guard: ${reason}; when the cause is mended: \`${resumeCommand(target)}\``;

/** What a pause stops, for people. */
export const targetWords = (target: PauseTarget): string => {
  switch (target.what) {
    case 'queue':
      return `queue ${target.queue}`;
    case 'type':
      return `job type ${target.jobType}`;
    case 'tenant':
      return `tenant ${target.tenant}${target.jobType === undefined ? '' : ` in job type ${target.jobType}`}`;
    case 'key':
      return `key ${target.key} of tenant ${target.tenant} in job type ${target.jobType}`;
  }
};
