import type { ConsumedRecord } from '../../src/core/record.ts';
import type { OpenServices } from './open-services.ts';
import { readTopic } from './scenario.ts';

/** A commit as the broker keeps it. */
export interface Commit {
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/** Keys of this version and below are of commits; those above of groups. */
const LAST_COMMIT_VERSION = 1;

/** Two bytes of length, then the text. */
const textAt = (bytes: Buffer, at: number): { readonly text: string; readonly next: number } => {
  const next = at + 2 + bytes.readInt16BE(at);
  return { text: bytes.toString('utf8', at + 2, next), next };
};

const commitOf = ({ key, value }: ConsumedRecord): Commit | undefined => {
  if (key === null || value === null || key.readInt16BE(0) > LAST_COMMIT_VERSION) return undefined;
  const group = textAt(key, 2);
  const topic = textAt(key, group.next);
  // The value: two bytes of version, then the offset.
  const offset = value.readBigInt64BE(2);
  return { groupId: group.text, topic: topic.text, partition: key.readInt32BE(topic.next), offset };
};

/** Every commit of these groups in the order in which the broker took them, as far as none has been compacted away. */
export const readCommits = async (
  services: OpenServices,
  groupIds: readonly string[],
): Promise<readonly Commit[]> => {
  const wanted = new Set(groupIds);
  const records = await readTopic(services, '__consumer_offsets');
  return records.flatMap((record) => commitOf(record) ?? []).filter(({ groupId }) => wanted.has(groupId));
};

/** Commits that lie below an earlier one of their partition, in words. */
export const movedBack = (commits: readonly Commit[]): readonly string[] => {
  const highest = new Map<string, bigint>();
  const back: string[] = [];
  for (const { groupId, topic, partition, offset } of commits) {
    const at = `${groupId} ${topic}/${partition}`;
    const before = highest.get(at) ?? offset;
    if (offset < before) back.push(`${at}: ${before} to ${offset}`);
    else highest.set(at, offset);
  }
  return back;
};
