import type { OffsetProblem } from '../core/ports/broker.ts';
import type { Log } from '../core/ports/log.ts';

/** Tells that partitions cannot be read from where the group stands, and names the suspensions. */
export const tellOffsetProblems = (
  log: Log,
  name: string,
  problems: readonly OffsetProblem[],
): readonly string[] =>
  problems.map(({ topic, partition, problem, committed, low, high }) => {
    log.error(`${name}: suspended, its offset is ${problem}: an operator decides where it goes on`, {
      topic,
      partition,
      committed: committed === undefined ? 'none' : `${committed}`,
      low: `${low}`,
      high: `${high}`,
    });
    return `ESTEIRA_OFFSETS_MISSING ${topic}/${partition}`;
  });
