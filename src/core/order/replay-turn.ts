/**
 * The turn of one dead letter in the ordered replay of a held sequence. The plan is a number of its own for each time
 * that one is prepared; indexes count from 1, in the order of the places.
 */
export interface ReplayTurn {
  readonly plan: number;
  readonly index: number;
}

/** A replay of one sequence has fewer turns than this. */
export const MOST_TURNS = 1_000_000;
/** Plans are numbers from 1 up to, and without, this: with the index they fit a double. */
export const MOST_PLANS = 2 ** 30;

/**
 * The place of a replayed record in its sequence's state, a number below -1. Its own place has ended with its death;
 * a place of the turn keeps its attempts apart from those of the records that wait.
 */
export const placeOfTurn = ({ plan, index }: ReplayTurn): number => -(plan * MOST_TURNS + index);

/** The turn that a place stands for; undefined for the place of a record in its log. */
export const turnOfPlace = (place: number): ReplayTurn | undefined =>
  place > -MOST_TURNS ? undefined : { plan: Math.floor(-place / MOST_TURNS), index: -place % MOST_TURNS };

/** As the header `job-replay-turn` says it: `<plan>/<index>`. */
export const formatTurn = ({ plan, index }: ReplayTurn): string => `${plan}/${index}`;

const TURN = /^([1-9]\d{0,9})\/([1-9]\d{0,5})$/;

/** Reads {@link formatTurn}; undefined when it is something else. */
export const parseTurn = (text: string): ReplayTurn | undefined => {
  const [, plan, index] = TURN.exec(text) ?? [];
  if (plan === undefined || index === undefined || Number(plan) >= MOST_PLANS) return undefined;
  return { plan: Number(plan), index: Number(index) };
};
