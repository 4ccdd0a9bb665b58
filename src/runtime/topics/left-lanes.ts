import type { AppDefinition } from '../../core/app.ts';
import { inboxesOf } from '../../core/inbox.ts';
import { names } from '../../core/names.ts';
import type { BrokerAdmin } from '../../core/ports/broker.ts';
import type { Refusal } from './topic-plan.ts';

interface LeftLane {
  readonly jobType: string;
  readonly topic: string;
  /** What brings it back. */
  readonly option: 'lanes' | 'surplus';
}

/** The lanes that job types of the app could have, and have not; the inbox for surplus is one. */
const possibleLanes = (app: AppDefinition): readonly LeftLane[] =>
  app.jobs.flatMap((job) => {
    const own = inboxesOf(app.name, job);
    return inboxesOf(app.name, { ...job, lanes: ['high', 'low'], surplus: 'inbox' })
      .filter((topic) => !own.includes(topic))
      .map((topic) => ({
        ...{ jobType: job.type, topic },
        option: topic === names.surplus(app.name, job.type) ? 'surplus' : 'lanes',
      }));
  });

const unsettled = async (admin: BrokerAdmin, groupId: string, topic: string): Promise<bigint> => {
  const committed = new Map(
    (await admin.committedOffsets(groupId, topic)).map(({ partition, offset }) => [partition, offset]),
  );
  const ranges = await admin.offsetRanges(topic);
  return ranges.reduce((sum, { partition, low, high }) => {
    const next = committed.get(partition) ?? low;
    return sum + (high > next ? high - (next < low ? low : next) : 0n);
  }, 0n);
};

/**
 * Lanes that a job type has no more while jobs lie in them, which nobody would run.
 *
 * @throws EsteiraError ESTEIRA_SERVICE_UNREACHABLE
 */
export const findLeftLanes = async (app: AppDefinition, admin: BrokerAdmin): Promise<readonly Refusal[]> => {
  const possible = possibleLanes(app);
  const existing = await admin.describeTopics(possible.map(({ topic }) => topic));
  const refused: Refusal[] = [];
  for (const { jobType, topic, option } of possible.filter((lane) => existing.has(lane.topic))) {
    const count = await unsettled(admin, names.jobGroup(app.name, jobType), topic);
    if (count === 0n) continue;
    refused.push({
      subject: `topic ${topic}`,
      why: `holds jobs (${count}), and job ${jobType} has that lane no more: nobody would run them`,
      todo: `say ${option}: true until it is empty`,
    });
  }
  return refused;
};
