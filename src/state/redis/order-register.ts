import type { RegisteredCopy, RegisterRequest } from '../../core/ports/order-state.ts';
import { lifetimeMs } from '../durations.ts';
import { callOf, type Evaluate } from './batch-script.ts';
import type { KeyNames, TagNames } from './key-names.ts';
import { ORDER_PRELUDE } from './order-prelude.ts';
import { number } from './replies.ts';
import { packTogether, WordPacker } from './word-packer.ts';

/** One script takes this many copies of a tag: below what Lua can unpack, about 15 ms of the server. */
const MOST_COPIES = 5_000;

/** Copies and the witness of one tag are one write: a server that loses its last writes loses both or none. */
const REGISTER = `${ORDER_PRELUDE}
local after, up_to, ttl = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
for i = 3, #KEYS do
  local s = open(KEYS[i])
  promise(s, tonumber(ARGV[i + 1]))
  save(KEYS[i], s, ttl, diverted(s) or s[S_STATE] == PLAN_PREPARED)
end
local seen = tonumber(held[KEYS[2]] or '0')
if seen < after then return {0} end
call('SET', KEYS[2], string.format('%.0f', max(seen, up_to)), 'PX', ttl)
return {1}
`;

const packed = (words: readonly string[]): WordPacker => {
  const packer = new WordPacker();
  for (const word of words) packer.add(word);
  return packer;
};

/** Finds the tags of a job type. */
export type TagsOf = (jobType: string) => readonly TagNames[];

/** Registers the copies of one waiting partition under their tags, and moves the witness of each tag of the type. */
export const registerCopies = async (
  evaluate: Evaluate,
  namesOf: KeyNames,
  tagsOf: TagsOf,
  request: RegisterRequest,
): Promise<'seen' | 'behind'> => {
  const copies = new Map<string, RegisteredCopy[]>();
  for (const copy of request.copies) {
    const { tag } = namesOf(copy.sequence);
    const sameTag = copies.get(tag);
    if (sameTag === undefined) copies.set(tag, [copy]);
    else sameTag.push(copy);
  }
  const answers = await Promise.all(
    tagsOf(request.jobType).map((names) =>
      registerUnder(evaluate, namesOf, names, request, copies.get(names.tag) ?? []),
    ),
  );
  return answers.includes('behind') ? 'behind' : 'seen';
};

/** The witness moves with the last piece; the pieces before look at it only. */
const registerUnder = async (
  evaluate: Evaluate,
  namesOf: KeyNames,
  names: TagNames,
  { waitingPartition, after, upTo, ttlMs }: RegisterRequest,
  copies: readonly RegisteredCopy[],
): Promise<'seen' | 'behind'> => {
  let answer: 'seen' | 'behind' = 'seen';
  for (let from = 0; from === 0 || from < copies.length; from += MOST_COPIES) {
    const piece = copies.slice(from, from + MOST_COPIES);
    const isLast = from + MOST_COPIES >= copies.length;
    const sequences = piece.map(({ sequence }) =>
      namesOf(sequence).sequence(sequence.partition, sequence.orderKey),
    );
    const keys = packed([names.fence, names.seen(waitingPartition), ...sequences]);
    const numbers = [after, isLast ? upTo : after, lifetimeMs(ttlMs), ...piece.map(({ place }) => place)];
    const words = packed(numbers.map((one) => `${one}`));
    const [reply] = await evaluate(REGISTER, callOf(names.fence, packTogether(keys, words)));
    if (number(reply) !== 1) answer = 'behind';
  }
  return answer;
};
