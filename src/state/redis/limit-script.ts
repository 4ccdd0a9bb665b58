import type { Evaluate } from './batch-script.ts';
import type { RedisWord } from './redis-connection.ts';

/** A script about one limit, rate or lock: one hash tag each, so one call each. It must be safe to repeat. */
export interface LimitScript<Request, Answer> {
  readonly name: string;
  readonly source: string;
  words(request: Request): readonly RedisWord[];
  answer(replies: readonly unknown[], request: Request): Answer;
}

/** Sends a script for every request at once and answers in their order, or rejects for all. */
export const runEach = <Request, Answer>(
  evaluate: Evaluate,
  keysOf: (request: Request) => readonly string[],
  script: LimitScript<Request, Answer>,
  requests: readonly Request[],
): Promise<readonly Answer[]> =>
  Promise.all(
    requests.map(async (request) => {
      const keys = keysOf(request);
      const words = [String(keys.length), ...keys, ...script.words(request)];
      return script.answer(await evaluate(script.source, words), request);
    }),
  );
