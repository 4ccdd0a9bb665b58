import type { ClaimAnswer, ClaimRequest } from '../../core/ports/state.ts';
import { wholeMs } from '../durations.ts';
import type { BatchScript } from './batch-script.ts';
import {
  CLAIM_ANSWERS,
  type ClaimReader,
  commonReaders,
  firstClaim,
  readClaimAnswer,
} from './claim-replies.ts';
import { addAsked } from './key-records.ts';
import { bytes, number, text } from './replies.ts';
import { SCRIPT_PRELUDE } from './script-prelude.ts';

// The same rules as src/state/memory/claim-rules.ts, in the same order; docs/adr/0004 says why they are these.

/**
 * A first claim gets the fence that follows from the first one and its place in the batch; only other answers are
 * told, four values each, of which the first says which answer it is.
 */
const SOURCE = `${SCRIPT_PRELUDE}${CLAIM_ANSWERS}
local DONE, RUNNING, STARTS_EXHAUSTED, ATTEMPTS_EXHAUSTED, DECIDED, SUPERSEDED = 2, 3, 4, 5, 6, 7
local DEAD = {starts_exhausted = STARTS_EXHAUSTED, attempts_exhausted = ATTEMPTS_EXHAUSTED}
local numbers_of = {}

-- Most requests of a batch have the same numbers: each text is read once.
local function read_numbers(text)
  local n = {}
  for word in string.gmatch(text, '%S+') do n[#n + 1] = tonumber(word) end
  numbers_of[text] = with_fresh(n, n[1], n[2], n[3], n[6], n[3] < n[5] and n[2] <= n[4])
  return n
end

local function claimed(key)
  return DEAD[key[R_DEAD]] or RUN, key[R_FENCE], key[R_ATTEMPT], key[R_STARTS]
end

local function take(key_name, key, own, asked, n)
  local starts, attempt = n[3], n[2]
  local running = key and key[1] == 'R'
  if own then starts = max(starts, key[running and R_STARTS or F_STARTS]) end
  local dead = ''
  if starts >= n[5] then dead = 'starts_exhausted'
  elseif attempt > n[4] then dead = 'attempts_exhausted'
  else starts = starts + 1 end
  largest = max(largest + 1, now_us, running and key[R_FENCE] + 1 or 0)
  local until_ms = now + n[6]
  local taken =
    {'R', largest, until_ms, asked.run, asked.job, n[1], starts, attempt, dead, asked.origin}
  store_running(key_name, taken, n[6] + GRACE)
  return claimed(taken)
end

local function claim(key_name, job_name, i)
  local at = 3 * i - 2
  local n = numbers_of[ARGV[at + 1]] or read_numbers(ARGV[at + 1])
  if n.may_start and not held[key_name] and not held[job_name] then
    return fresh(key_name, n, ARGV[at], i)
  end
  local asked = {position = ARGV[at + 2]}
  asked.run, asked.job, asked.origin = unpack_record(ARGV[at])
  if asked.position == '' then asked.position = asked.origin end
  local key = load_key(key_name)
  local running = key and key[1] == 'R'
  local own = false
  if key then
    if key[1] == 'D' then return DONE, key[D_FENCE], key[D_ORIGIN], event_of(key) end
    own = key[running and R_JOB or F_JOB] == asked.job
    if own and key[running and R_HOP or F_HOP] > n[1] then
      return SUPERSEDED, key[running and R_ORIGIN or F_ORIGIN]
    end
  end
  local job = load(job_name)
  if job and n[1] <= job[J_HOP] then
    if answers_again(job, n[1], asked.position) then return DECIDED, job[J_DECISION] end
    return SUPERSEDED, job[J_ORIGIN]
  end
  if running then
    if own and key[R_RUN] == asked.run then
      extend(key_name, key, n[6])
      return claimed(key)
    end
    if key[R_UNTIL] > now then return RUNNING, key[R_UNTIL], now end
  end
  return take(key_name, key, own, asked, n)
end

for i = 1, (#KEYS - 1) / 2 do tell(i, claim(KEYS[2 * i], KEYS[2 * i + 1], i)) end
remember_fence()
return answers
`;

const readers: Readonly<Record<number, ClaimReader<ClaimAnswer>>> = {
  ...commonReaders,
  4: (a, b, c) => dead('starts_exhausted', a, b, c),
  5: (a, b, c) => dead('attempts_exhausted', a, b, c),
  6: (a) => ({ kind: 'decided', decision: bytes(a) }),
  7: (a) => ({ kind: 'superseded', origin: text(a) }),
};

const dead = (
  reason: 'starts_exhausted' | 'attempts_exhausted',
  a: unknown,
  b: unknown,
  c: unknown,
): ClaimAnswer => ({ kind: 'dead', reason, fence: number(a), attempt: number(b), starts: number(c) });

const numbersOf = (request: ClaimRequest): string => {
  const { hop, attempt, starts, maxAttempts, maxStarts, leaseMs } = request;
  return `${hop} ${attempt} ${starts} ${maxAttempts} ${maxStarts} ${wholeMs(leaseMs)}`;
};

/** Who may run. */
export const claimScript: BatchScript<ClaimRequest, ClaimAnswer> = {
  name: 'claim',
  source: SOURCE,
  answerSize: 4,
  keys: (add, names, request) => {
    add(names.keys, request.idempotencyKey);
    add(names.jobs, request.jobId);
  },
  words: (to, request) => {
    addAsked(to, request);
    to.add(numbersOf(request));
    to.add(request.position === request.origin ? '' : request.position);
  },
  usual: firstClaim,
  answer: (replies, at) => readClaimAnswer(readers, replies, at),
};
