import { durationName } from './duration.ts';

/** A priority path of an inbox; `normal` is the inbox itself. */
export type Lane = 'high' | 'normal' | 'low';

/**
 * A text as a part of a topic name, no two alike: bytes that Kafka does not take, dots and underscores (which Kafka
 * takes for one another) become `_` and two hex digits.
 */
const topicPart = (text: string): string =>
  [...Buffer.from(text, 'utf8')]
    .map((byte) => {
      const letter = String.fromCharCode(byte);
      return /[a-zA-Z0-9-]/.test(letter) ? letter : `_${byte.toString(16).padStart(2, '0')}`;
    })
    .join('');

/** The only maker of topic and group names; `ns` is the app's name. */
export const names = {
  /** `tenant` for the inbox of a tenant that has its own. */
  inbox: (ns: string, jobType: string, lane: Lane = 'normal', tenant?: string): string =>
    [`${ns}.job.${jobType}`, ...(tenant === undefined ? [] : ['tenant', topicPart(tenant)])]
      .concat(lane === 'normal' ? [] : [lane])
      .join('.'),
  /** Where the surplus of tenants that flood an unordered job type is worked off. */
  surplus: (ns: string, jobType: string): string => `${ns}.job.${jobType}.surplus`,
  tier: (ns: string, delayMs: number): string => `${ns}.retry.${durationName(delayMs)}`,
  /** Where parked records of an ordered job type wait. */
  waiting: (ns: string, jobType: string): string => `${ns}.wait.${jobType}`,
  deadLetters: (ns: string, jobType: string): string => `${ns}.dlq.${jobType}`,
  /** What a relay cannot forward: its target is no inbox there is. */
  unroutable: (ns: string): string => `${ns}.unroutable`,
  failures: (ns: string): string => `${ns}.failures`,
  telemetry: (ns: string): string => `${ns}.telemetry.jobs`,
  audit: (ns: string): string => `${ns}.audit`,
  /** What operators have decided and still holds; one partition, compacted. */
  control: (ns: string): string => `${ns}.control`,
  jobGroup: (ns: string, jobType: string): string => `${ns}.job.${jobType}`,
  relayGroup: (ns: string, delayMs: number): string => `${ns}.relay.${durationName(delayMs)}`,
  /** Nobody is a member: it shows where the projection stands. */
  projectionGroup: (ns: string): string => `${ns}.projection`,
} as const;

/** Whether a text can be an app name or a job type: kebab-case, starting with a letter, at most 100 characters. */
export const isKebabCase = (text: string): boolean =>
  /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(text) && text.length <= 100;

/** Whether Kafka takes this as a topic name. */
export const isTopicName = (text: string): boolean =>
  /^[a-zA-Z0-9._-]{1,249}$/.test(text) && text !== '.' && text !== '..';
