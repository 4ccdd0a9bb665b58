import { EventShelf, type PackedShelf } from './event-shelves.ts';
import type { KeyNames, TagId, TenantNames } from './key-names.ts';
import type { RedisWord } from './redis-connection.ts';
import { packTogether, WordPacker } from './word-packer.ts';

/**
 * A script that handles many requests of one tag at once, each with the same number of keys and words. It must be
 * safe to repeat: a call whose answer was lost is made again.
 */
export interface BatchScript<Request, Answer> {
  readonly name: string;
  readonly source: string;
  /** Adds the keys of one request in the script's order; the tag's fence key comes before all of them. */
  keys(add: (name: string) => void, names: TenantNames, request: Request): void;
  /** Adds the words of one request; `shelf` is for events that the requests of one call leave together. */
  words(to: WordPacker, request: Request, names: TenantNames, shelf: EventShelf): void;
  /** How many values of the script's flat list make one answer. */
  readonly answerSize: number;
  /** Reads the answer to a request, which begins at an index of the list. */
  answer(replies: readonly unknown[], at: number, request: Request): Answer;
  /** Hears of requests that went together with the shelf `id`, and of their answers. */
  shelved?(names: TenantNames, id: string, requests: readonly Request[], answers: readonly Answer[]): void;
}

/** Sends one script to the server and gives its flat list. */
export type Evaluate = (source: string, words: readonly RedisWord[]) => Promise<readonly unknown[]>;

/**
 * A call as EVAL wants it: one key, which leads to the node where all keys of its tag live, all keys and words of the
 * requests packed into one argument, and what they leave on a shelf.
 */
export const callOf = (fenceKey: string, packed: Buffer, shelf?: PackedShelf): readonly RedisWord[] => [
  ...['1', fenceKey],
  packed,
  ...(shelf === undefined ? [] : [shelf.id, shelf.packed]),
];

/** A script runs this many requests at most: about 5 ms of the server's only thread. */
const MOST_REQUESTS = 500;
/** And about this many bytes, so that the answer comes within the command time-out. */
const MOST_BYTES = 1024 * 1024;

/** The requests of one tag, by their index in the batch. */
interface TagGroup {
  readonly names: TenantNames;
  readonly indexes: number[];
}

/**
 * Groups requests by tag, sends the tags' scripts in one round trip and answers in the order of the requests, or
 * rejects for all: then the whole call may be made again.
 */
export const runBatch = async <Request extends TagId, Answer>(
  evaluate: Evaluate,
  namesOf: KeyNames,
  script: BatchScript<Request, Answer>,
  requests: readonly Request[],
): Promise<readonly Answer[]> => {
  const answers = new Array<Answer>(requests.length);
  const runGroup = async ({ names, indexes }: TagGroup): Promise<void> => {
    // One after the other: requests of one key take effect in their order, in whichever pieces they are sent.
    for (let from = 0; from < indexes.length; ) {
      const piece = pieceOf(script, namesOf, names.fence, requests, indexes, from);
      const replies = await evaluate(script.source, callOf(names.fence, piece.packed, piece.shelf));
      const answered = piece.requests.map((request, i) =>
        script.answer(replies, i * script.answerSize, request),
      );
      for (const [i, answer] of answered.entries()) answers[indexes[from + i] ?? 0] = answer;
      if (piece.shelf !== undefined) script.shelved?.(names, piece.shelf.id, piece.requests, answered);
      from += piece.requests.length;
    }
  };
  await Promise.all(groupByTag(namesOf, requests).map(runGroup));
  return answers;
};

const groupByTag = (namesOf: KeyNames, requests: readonly TagId[]): readonly TagGroup[] => {
  const groups = new Map<string, TagGroup>();
  requests.forEach((request, index) => {
    const names = namesOf(request);
    const group = groups.get(names.tag);
    if (group === undefined) groups.set(names.tag, { names, indexes: [index] });
    else group.indexes.push(index);
  });
  return [...groups.values()];
};

interface Piece<Request> {
  readonly requests: readonly Request[];
  /** Its keys and words, as the scripts' prelude reads them. */
  readonly packed: Buffer;
  readonly shelf: PackedShelf | undefined;
}

/** Shared by all calls: what they hold is taken out again before anything else can run. */
const keys = new WordPacker();
const words = new WordPacker();
const shelf = new EventShelf();
const addKey = (name: string): void => keys.add(name);

const pieceOf = <Request extends TagId>(
  script: BatchScript<Request, unknown>,
  namesOf: KeyNames,
  fenceKey: string,
  requests: readonly Request[],
  indexes: readonly number[],
  from: number,
): Piece<Request> => {
  const taken: Request[] = [];
  keys.add(fenceKey);
  for (let i = from; i < indexes.length && taken.length < MOST_REQUESTS; i += 1) {
    if (keys.length + words.length + shelf.length > MOST_BYTES) break;
    const request = requests[indexes[i] ?? 0];
    if (request === undefined) break;
    taken.push(request);
    const names = namesOf(request);
    script.keys(addKey, names, request);
    script.words(words, request, names, shelf);
  }
  return { requests: taken, packed: packTogether(keys, words), shelf: shelf.take() };
};
