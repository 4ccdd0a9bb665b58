import { groupsOf } from '../../core/app-topics.ts';
import { countWords } from '../inspection/time-words.ts';
import { planOffsets } from '../topics/group-offsets.ts';
import type { FirstOffsets, OffsetOutOfRange } from '../topics/topic-plan.ts';
import { type Check, checksOf } from './check.ts';
import type { Probe } from './parts.ts';

const { ok, problem } = checksOf('groups');

const lacking = ({ groupId, topic, offsets, from, waiting }: FirstOffsets): Check =>
  problem(
    groupId,
    `has no offsets on ${countWords(offsets.length, 'partition')} of ${topic}: it does not know where to start, and does not`,
    `\`esteira topics apply\` starts it from ${from}, with ${countWords(waiting, 'record')} waiting`,
  );

const outside = ({ groupId, topic, partition, committed, low, high }: OffsetOutOfRange): Check =>
  problem(
    groupId,
    committed < low
      ? `is at ${committed} of ${topic}/${partition}, which begins at ${low}: ${countWords(Number(low - committed), 'record')} are gone`
      : `is at ${committed} of ${topic}/${partition}, which ends at ${high}: the topic was made anew, or lost its end`,
    '`esteira topics apply --repair-offsets` sets it to the first record there is',
  );

/** Groups that do not know where they are. */
export const groupOffsets: Probe = async ({ app, admin }) => {
  const topics = [...new Set(groupsOf(app).flatMap(({ starts }) => starts.map(({ topic }) => topic)))];
  const existing = [...(await admin.describeTopics(topics)).keys()];
  const { firstOffsets, outOfRange } = await planOffsets(app, admin, existing);
  const checks = [...firstOffsets.map(lacking), ...outOfRange.map(outside)];
  if (checks.length > 0 || existing.length === 0) return checks;
  return [ok('offsets', `${countWords(groupsOf(app).length, 'group')} know where they are`)];
};
