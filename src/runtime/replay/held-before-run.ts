import {
  type Candidate,
  jobOfDeadLetterTopic,
  readPositions,
  toDeadLetter,
} from '../../consumers/dead-letters/index.ts';
import type { SequenceId, SequenceState } from '../../core/ports/order-state.ts';
import { formatPosition } from '../../core/record.ts';
import { holdsKeys, sequenceName, sequenceOfLetter } from '../letters/held-keys.ts';
import { LetterJudge } from './judge-letters.ts';
import { policyOf, type ReplayParts } from './replay-parts.ts';

/** The letters of one ordering key among those that are chosen, and how many of them would be replayed. */
interface ChosenOfKey {
  readonly id: SequenceId;
  readonly positions: string[];
  toReplay: number;
}

const chosenByKey = async (
  parts: ReplayParts,
  candidates: readonly Candidate[],
): Promise<readonly ChosenOfKey[]> => {
  const { app, backend, clock } = parts;
  const { maxReplays } = policyOf(parts);
  const judge = new LetterJudge({ app, backend, clock, planId: '', maxReplays, undecodable: false });
  const holding = candidates.filter(({ letter }) => letter !== undefined && holdsKeys(letter.job));
  const keys = new Map<string, ChosenOfKey>();
  const positions = holding.map(({ at }) => at);
  for await (const records of readPositions(backend.broker.admin, positions)) {
    for (const record of records) {
      const job = jobOfDeadLetterTopic(app, record.topic);
      const id = job === undefined ? undefined : sequenceOfLetter(app, toDeadLetter(job, record), record);
      if (job === undefined || id === undefined) continue;
      const known = keys.get(sequenceName(id)) ?? { id, positions: [], toReplay: 0 };
      keys.set(sequenceName(id), known);
      known.positions.push(formatPosition(record));
      const [judged] = await judge.judge(job, [record]);
      if (judged?.verdict === 'replay') known.toReplay += 1;
    }
  }
  return [...keys.values()];
};

/** What a hold means for the letters of its key; undefined where nothing holds it. */
const wordsOf = ({ held, replay }: SequenceState, chosen: number): string | undefined => {
  if (held === undefined) return undefined;
  if (replay !== undefined && replay.state !== 'ended')
    return 'its ordering key is held, and a replay of it is open already: this one would be kept back';
  return chosen >= held
    ? 'its ordering key is held: what died of it runs again in its order'
    : `its ordering key is held: ${held} of it have died, of which ${chosen} would be replayed; without the others, unless they are discarded, it is kept back: plan a replay of the job type`;
};

/**
 * What holds of ordering keys mean for letters that would be replayed, by their positions. What is known of a hold is as
 * the headers of its letters say, and may be another when the replay runs.
 *
 * @throws EsteiraError ESTEIRA_STATE_UNAVAILABLE, ESTEIRA_BROKER_UNAVAILABLE
 */
export const holdsBeforeRun = async (
  parts: ReplayParts,
  candidates: readonly Candidate[],
): Promise<ReadonlyMap<string, string>> => {
  const keys = await chosenByKey(parts, candidates);
  const states = keys.length === 0 ? [] : await parts.backend.state.order.inspect(keys.map(({ id }) => id));
  return new Map(
    keys.flatMap(({ positions, toReplay }, index) => {
      const state = states[index];
      const words = state === undefined ? undefined : wordsOf(state, toReplay);
      return words === undefined ? [] : positions.map((position) => [position, words] as const);
    }),
  );
};
