import { createHash } from 'node:crypto';
import type { KeyNames, TagId } from './key-names.ts';
import type { RedisCommands, RedisWord } from './redis-connection.ts';
import { isReplyError } from './redis-errors.ts';
import { list } from './replies.ts';

/**
 * A script that handles many requests of one tag at once, each with the same number of keys and arguments. It must be
 * safe to repeat: a call whose answer was lost is made again.
 */
export interface BatchScript<Request, Answer> {
  readonly name: string;
  readonly source: string;
  /** Keys of one request, in the script's order; the tag's fence key comes before all of them. */
  keys(names: KeyNames, tag: string, request: Request): readonly string[];
  args(request: Request): readonly RedisWord[];
  /** How many values of the script's flat list make one answer. */
  readonly answerSize: number;
  /** Reads the answer that begins at an index of the list. */
  answer(replies: readonly unknown[], at: number): Answer;
}

/** A script runs this many requests at most: about 5 ms of the server's only thread. */
const MOST_REQUESTS = 500;
/** And about this many bytes of arguments, so that the answer comes within the command time-out. */
const MOST_BYTES = 1024 * 1024;

/** Runs scripts over batches of any size. */
export interface BatchRunner {
  /** Answers in the order of the requests, or one error for all: then the whole call may be made again. */
  run<Request extends TagId, Answer>(
    script: BatchScript<Request, Answer>,
    requests: readonly Request[],
  ): Promise<readonly Answer[]>;
}

interface Numbered<Request> {
  readonly index: number;
  readonly request: Request;
}

/** Groups requests by tag, sends the tags' scripts in one round trip and puts the answers back in order. */
export const createBatchRunner = (commands: RedisCommands, names: KeyNames): BatchRunner => ({
  run: async <Request extends TagId, Answer>(
    script: BatchScript<Request, Answer>,
    requests: readonly Request[],
  ) => {
    const answers = new Array<Answer>(requests.length);
    const runTag = async (tag: string, all: readonly Numbered<Request>[]): Promise<void> => {
      // One after the other: requests of one key take effect in their order, in whichever pieces they are sent.
      for (let from = 0; from < all.length; ) {
        const piece = pieceOf(script, names, tag, all, from);
        const replies = await evaluate(commands, script.source, piece);
        for (let i = 0; i < piece.count; i += 1) {
          const index = all[from + i]?.index ?? 0;
          answers[index] = script.answer(replies, i * script.answerSize);
        }
        from += piece.count;
      }
    };
    const tags = groupByTag(names, requests);
    await Promise.all([...tags].map(([tag, all]) => runTag(tag, all)));
    return answers;
  },
});

const groupByTag = <Request extends TagId>(
  names: KeyNames,
  requests: readonly Request[],
): ReadonlyMap<string, readonly Numbered<Request>[]> => {
  const tags = new Map<string, Numbered<Request>[]>();
  requests.forEach((request, index) => {
    const tag = names.tag(request);
    const group = tags.get(tag);
    if (group === undefined) tags.set(tag, [{ index, request }]);
    else group.push({ index, request });
  });
  return tags;
};

interface Piece {
  readonly count: number;
  readonly keys: readonly string[];
  readonly args: readonly RedisWord[];
}

const pieceOf = <Request>(
  script: BatchScript<Request, unknown>,
  names: KeyNames,
  tag: string,
  all: readonly Numbered<Request>[],
  from: number,
): Piece => {
  const keys = [names.fence(tag)];
  const args: RedisWord[] = [];
  let count = 0;
  let size = 0;
  for (const { request } of all.slice(from, from + MOST_REQUESTS)) {
    if (size >= MOST_BYTES) break;
    keys.push(...script.keys(names, tag, request));
    for (const word of script.args(request)) {
      args.push(word);
      size += word.length;
    }
    count += 1;
  }
  return { count, keys, args };
};

const hashes = new Map<string, string>();

const hashOf = (source: string): string => {
  const known = hashes.get(source);
  if (known !== undefined) return known;
  const hash = createHash('sha1').update(source).digest('hex');
  hashes.set(source, hash);
  return hash;
};

/** By its hash; a server that does not know the script (new, restarted or flushed) gets the source. */
const evaluate = async (
  commands: RedisCommands,
  source: string,
  piece: Piece,
): Promise<readonly unknown[]> => {
  const rest = [String(piece.keys.length), ...piece.keys, ...piece.args];
  try {
    return list(await commands.call('EVALSHA', [hashOf(source), ...rest]));
  } catch (error) {
    if (!isReplyError(error, 'NOSCRIPT')) throw error;
    return list(await commands.call('EVAL', [source, ...rest]));
  }
};
