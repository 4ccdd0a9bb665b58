import type { OffsetRange } from '../../core/ports/broker.ts';

/** Records [from, to) of one partition. */
export interface TopicSlice {
  readonly partition: number;
  readonly from: bigint;
  readonly to: bigint;
}

const COMMIT_RECORDS = 122_880;
/** Partitions that are read side by side, as each is waited for in turn. */
const SIDE_BY_SIDE = 3;

const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** What to read next: of the partitions that are behind most, as much as makes a commit. */
export const nextSlices = (
  ranges: readonly OffsetRange[],
  nextOf: (range: OffsetRange) => bigint,
  mostRecords = COMMIT_RECORDS,
): readonly TopicSlice[] => {
  const ofPartition = BigInt(Math.ceil(mostRecords / SIDE_BY_SIDE));
  const behind = ranges
    .map((range) => ({ partition: range.partition, from: nextOf(range), high: range.high }))
    .filter(({ from, high }) => from < high)
    .sort((a, b) => Number(b.high - b.from - (a.high - a.from)));
  const slices: TopicSlice[] = [];
  let left = BigInt(mostRecords);
  for (const { partition, from, high } of behind) {
    if (left === 0n) break;
    const records = smaller(smaller(high - from, ofPartition), left);
    slices.push({ partition, from, to: from + records });
    left -= records;
  }
  return slices;
};

/** Records of the slices together. */
export const recordsIn = (slices: readonly TopicSlice[]): number =>
  slices.reduce((sum, { from, to }) => sum + Number(to - from), 0);
