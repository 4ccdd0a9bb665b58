import { traitsOf } from './errors.ts';

/** About four seconds. */
const ATTEMPTS = 10;
/** About fifteen seconds. */
const PATIENT_ATTEMPTS = 32;
const FIRST_BACKOFF_MS = 30;
const LONGEST_BACKOFF_MS = 500;

/** Classes of kafkajs that pass although it does not mark them: no coordinator found, no broker known yet. */
const PASSING_CLASSES = new Set(['KafkaJSGroupCoordinatorNotFound', 'KafkaJSBrokerNotFound']);

/** A partition just made, or whose broker starts, is without a leader or a coordinator for seconds. */
const MOVES = new Set([
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
  'KafkaJSGroupCoordinatorNotFound',
]);

const attemptsFor = (error: unknown): number => {
  const { name, type } = traitsOf(error);
  return MOVES.has(type ?? name) ? PATIENT_ATTEMPTS : ATTEMPTS;
};

/** Whether the same request may work a moment later: a leader or coordinator that moves, a connection that broke. */
export const isPassing = (error: unknown): boolean => {
  if (typeof error !== 'object' || error === null) return false;
  if (PASSING_CLASSES.has(traitsOf(error).name)) return true;
  return 'retriable' in error && error.retriable === true;
};

/**
 * Repeats `work` while its errors are passing ones: for about fifteen seconds where a leader or coordinator is being
 * found, for about four otherwise.
 */
export const throughPassingErrors = async <T>(
  work: () => Promise<T>,
  beforeNext: () => void = () => undefined,
): Promise<T> => {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt + 1 >= attemptsFor(error) || !isPassing(error)) throw error;
      beforeNext();
      await new Promise((resolve) => {
        setTimeout(resolve, Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** attempt));
      });
    }
  }
};
