import { EventShelf, type PackedShelf } from './event-shelves.ts';
import { type KeyNames, namePart, type TagId, type TenantNames } from './key-names.ts';
import type { RedisWord } from './redis-connection.ts';
import { number, unexpected } from './replies.ts';
import { packTogether, WordPacker } from './word-packer.ts';

/**
 * A script that handles many requests of one tag at once, each with the same number of keys and words. It must be
 * safe to repeat: a call whose answer was lost is made again.
 */
export interface BatchScript<Request, Answer> {
  readonly name: string;
  readonly source: string;
  /** Adds the keys of one request in the script's order; the tag's fence key comes before all of them. */
  keys(add: AddKey, names: TenantNames, request: Request): void;
  /** Adds the words of one request; `shelf` is for events that the requests of one call leave together. */
  words(to: WordPacker, request: Request, names: TenantNames, shelf: EventShelf): void;
  /** How many values of the script's flat list make one answer. */
  readonly answerSize: number;
  /** Reads the answer to a request, which begins at an index of the list. */
  answer(replies: readonly unknown[], at: number, request: Request): Answer;
  /**
   * The answer that nearly all requests get. A script that has one gives a word for all of them first, and then only
   * the other answers, each behind the index of its request: a list of hundreds of values costs server and client as
   * much as the work itself.
   */
  usual?(word: unknown, index: number, request: Request): Answer;
  /** Hears of requests that went together with the shelf `id`, and of their answers. */
  shelved?(names: TenantNames, id: string, requests: readonly Request[], answers: readonly Answer[]): void;
}

/** Adds a key: its name, or the beginning of it and the part that ends it. */
export type AddKey = (name: string, part?: string) => void;

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

/** The requests of one tag, by their index in the batch, and the names of each. */
interface TagGroup {
  readonly tag: string;
  readonly indexes: number[];
  readonly names: TenantNames[];
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
  const runGroup = async (group: TagGroup): Promise<void> => {
    const { indexes } = group;
    // One after the other: requests of one key take effect in their order, in whichever pieces they are sent.
    for (let from = 0; from < indexes.length; ) {
      const piece = pieceOf(script, requests, group, from);
      const { names } = piece;
      const replies = await evaluate(script.source, callOf(names.fence, piece.packed, piece.shelf));
      const answered = answersOf(script, replies, piece.requests);
      for (let i = 0; i < answered.length; i += 1) answers[indexes[from + i] ?? 0] = answered[i] as Answer;
      if (piece.shelf !== undefined) script.shelved?.(names, piece.shelf.id, piece.requests, answered);
      from += piece.requests.length;
    }
  };
  await Promise.all(groupByTag(namesOf, requests).map(runGroup));
  return answers;
};

const answersOf = <Request, Answer>(
  script: BatchScript<Request, Answer>,
  replies: readonly unknown[],
  requests: readonly Request[],
): readonly Answer[] => {
  const { answerSize, usual } = script;
  if (usual === undefined)
    return requests.map((request, i) => script.answer(replies, i * answerSize, request));
  const answers = requests.map((request, i) => usual(replies[0], i, request));
  for (let at = 1; at < replies.length; at += 1 + answerSize) {
    const index = number(replies[at]);
    const request = requests[index] ?? unexpected('an answer to what was asked');
    answers[index] = script.answer(replies, at + 1, request);
  }
  return answers;
};

const groupByTag = (namesOf: KeyNames, requests: readonly TagId[]): readonly TagGroup[] => {
  const groups = new Map<string, TagGroup>();
  let last: TagGroup | undefined;
  for (let index = 0; index < requests.length; index += 1) {
    const names = namesOf(requests[index] as TagId);
    if (last?.tag !== names.tag) last = groups.get(names.tag);
    if (last === undefined) {
      last = { tag: names.tag, indexes: [], names: [] };
      groups.set(names.tag, last);
    }
    last.indexes.push(index);
    last.names.push(names);
  }
  return [...groups.values()];
};

interface Piece<Request> {
  /** Those of any of its requests, for what they share. */
  readonly names: TenantNames;
  readonly requests: readonly Request[];
  /** Its keys and words, as the scripts' prelude reads them. */
  readonly packed: Buffer;
  readonly shelf: PackedShelf | undefined;
}

/** Shared by all calls: what they hold is taken out again before anything else can run. */
const keys = new WordPacker();
const words = new WordPacker();
const shelf = new EventShelf();
const addKey: AddKey = (name, part) => {
  if (part === undefined) keys.add(name);
  else keys.addPacked(name + namePart(part));
};

const pieceOf = <Request extends TagId>(
  script: BatchScript<Request, unknown>,
  requests: readonly Request[],
  group: TagGroup,
  from: number,
): Piece<Request> => {
  const [first = unexpected('a request')] = group.names;
  const taken: Request[] = [];
  keys.add(first.fence);
  for (let i = from; i < group.indexes.length && taken.length < MOST_REQUESTS; i += 1) {
    if (keys.length + words.length + shelf.length > MOST_BYTES) break;
    const request = requests[group.indexes[i] ?? 0];
    const names = group.names[i];
    if (request === undefined || names === undefined) break;
    taken.push(request);
    script.keys(addKey, names, request);
    script.words(words, request, names, shelf);
  }
  return { names: first, requests: taken, packed: packTogether(keys, words), shelf: shelf.take() };
};
