import { DEAD_REASONS, type DeadReason } from '../../core/outcome.ts';
import type { OrderClaimAnswer, OrderClaimRequest } from '../../core/ports/order-state.ts';
import { lifetimeMs, wholeMs } from '../durations.ts';
import type { BatchScript } from './batch-script.ts';
import {
  CLAIM_ANSWERS,
  type ClaimReader,
  commonReaders,
  firstClaim,
  readClaimAnswer,
} from './claim-replies.ts';
import { addAsked } from './key-records.ts';
import { ORDER_PRELUDE } from './order-prelude.ts';
import { bytes, number, text, unexpected } from './replies.ts';

// The same rules as src/state/memory/order-claim-rules.ts, in the same order; docs/adr/0008 says why they are these.

/** A request has three keys, and the witness as a fourth where there is something to be witnessed. */
const SOURCE = `${ORDER_PRELUDE}${CLAIM_ANSWERS}
local DONE, RUNNING, WAIT, DEAD, SUPERSEDED, PARK, REBUILDING, BEHIND = 2, 3, 4, 5, 6, 7, 8, 9
local N_HOP, N_ATTEMPT, N_STARTS, N_MAX_ATTEMPTS, N_MAX_STARTS, N_LEASE, N_WAITING, N_PARKED_END, N_TTL =
  1, 2, 3, 4, 5, 6, 7, 8, 9
local numbers_of = {}
local REPLAYS_OVER = '-2'

local function claimed(key, s, place)
  if key[R_DEAD] == '' then return RUN, key[R_FENCE], key[R_ATTEMPT], key[R_STARTS] end
  local note = s[S_PLACE] == place and s[S_NOTE]
  return DEAD, key[R_FENCE], key[R_ATTEMPT] .. ' ' .. key[R_STARTS] .. ' ' .. key[R_DEAD], note
end

local function death_of(s, head, n, starts, attempt, place)
  if head and s[S_DEAD] ~= '' then return s[S_DEAD] end
  if s[S_HELD] > 0 and place >= 0 then return 'behind_dead_letter' end
  if starts >= n[N_MAX_STARTS] then return 'starts_exhausted' end
  return attempt > n[N_MAX_ATTEMPTS] and 'attempts_exhausted' or ''
end

local function take(key_name, key, s, place, asked, n)
  local head = s[S_PLACE] == place
  if head and s[S_DEAD] == '' and s[S_DUE] > now then return WAIT, s[S_DUE], now, s[S_ATTEMPT] end
  local starts, attempt = n[N_STARTS], n[N_ATTEMPT]
  local running = key and key[1] == 'R'
  if key and key[running and R_JOB or F_JOB] == asked.job then
    starts = max(starts, key[running and R_STARTS or F_STARTS])
  end
  if head then starts, attempt = max(starts, s[S_STARTS]), max(attempt, s[S_ATTEMPT]) end
  local dead = death_of(s, head, n, starts, attempt, place)
  local counted = dead == '' and starts + 1 or starts
  largest = max(largest + 1, now_us, running and key[R_FENCE] + 1 or 0)
  local taken =
    {'R', largest, now + n[N_LEASE], asked.run, asked.job, n[N_HOP], counted, attempt, dead, asked.origin}
  store_running(key_name, taken, n[N_LEASE] + GRACE)
  if dead == 'behind_dead_letter' and not head then
    set_head(s, {place, attempt, starts, largest, 0, dead, false})
  end
  return claimed(taken, s, place)
end

local function behind_replays(s, place, asked)
  if place >= 0 then
    if asked.replays_over and s[S_STATE] == PLAN_BEGUN then
      s[S_HELD] = max(1, s[S_HELD] - s[S_DONE])
      end_plan(s)
    end
    return s[S_STATE] == PLAN_BEGUN and BEHIND
  end
  local is_of_plan = s[S_PLAN] == math.floor(-place / MOST_TURNS)
  local has_ended = is_of_plan and -place % MOST_TURNS <= s[S_DONE]
  if not is_of_plan or has_ended or s[S_STATE] == PLAN_ENDED then
    if s[S_PLACE] == place then set_head(s, nil) end
    return SUPERSEDED, has_ended and asked.origin or ''
  end
  return s[S_STATE] == PLAN_PREPARED and BEHIND
end

local function answer(key_name, job_name, s, place, asked, n)
  local direct = n[N_WAITING] == 0
  if direct and s[S_PASSED] < place and place <= s[S_PARKED] then return PARK end
  local key = load_key(key_name)
  local origin, done = ended_before(key, job_name, asked.job, n[N_HOP])
  if origin then
    if not direct then finish(s, place, true, not done and 'superseded') end
    if done then return DONE, done[D_FENCE], origin, event_of(done) end
    return SUPERSEDED, origin
  end
  if direct and diverted(s) then
    divert(s, place)
    return PARK
  end
  if not direct then
    local kind, ended_by = behind_replays(s, place, asked)
    if kind then return kind, ended_by end
  end
  if key and key[1] == 'R' then
    if key[R_JOB] == asked.job and key[R_RUN] == asked.run then
      extend(key_name, key, n[N_LEASE])
      return claimed(key, s, place)
    end
    if key[R_UNTIL] > now then return RUNNING, key[R_UNTIL], now end
  end
  return take(key_name, key, s, place, asked, n)
end

local next_key = 2
local function claim(i)
  local at = 4 * i - 3
  local n = numbers_of[ARGV[at + 1]]
  if not n then
    n = numbers(ARGV[at + 1])
    local may_start = n[N_STARTS] < n[N_MAX_STARTS] and n[N_ATTEMPT] <= n[N_MAX_ATTEMPTS] and n[N_WAITING] == 0
    numbers_of[ARGV[at + 1]] = with_fresh(n, n[N_HOP], n[N_ATTEMPT], n[N_STARTS], n[N_LEASE], may_start)
  end
  local key_name, sequence_name, job_name = KEYS[next_key], KEYS[next_key + 1], KEYS[next_key + 2]
  next_key = next_key + 3
  if n[N_PARKED_END] > 0 then
    local seen = tonumber(held[KEYS[next_key]] or '0')
    next_key = next_key + 1
    if seen < n[N_PARKED_END] then return REBUILDING end
  end
  -- A sequence without trouble, a key nothing is known of.
  if n.may_start and ARGV[at + 3] == '-1' and not (held[sequence_name] or held[key_name] or held[job_name]) then
    return fresh(key_name, n, ARGV[at], i)
  end
  local place = tonumber(ARGV[at + 2])
  local asked = {}
  asked.run, asked.job, asked.origin = unpack_record(ARGV[at])
  asked.replays_over = ARGV[at + 3] == REPLAYS_OVER
  local s = open(sequence_name)
  promise(s, n[N_WAITING] == 1 and place or tonumber(ARGV[at + 3]))
  local kind, a, b, c = answer(key_name, job_name, s, place, asked, n)
  save(sequence_name, s, n[N_TTL])
  return kind, a, b, c
end

for i = 1, #ARGV / 4 do tell(i, claim(i)) end
remember_fence()
return answers
`;

const readers: Readonly<Record<number, ClaimReader<OrderClaimAnswer>>> = {
  ...commonReaders,
  4: (a, b, c) => ({ kind: 'wait', dueMs: number(a), nowMs: number(b), attempt: number(c) }),
  5: (a, b, c) => dead(number(a), text(b), c === null ? undefined : bytes(c)),
  6: (a) => ({ kind: 'superseded', origin: text(a) }),
  7: () => ({ kind: 'park' }),
  8: () => ({ kind: 'rebuilding' }),
  9: () => ({ kind: 'behind' }),
};

const dead = (fence: number, counts: string, note: Buffer | undefined): OrderClaimAnswer => {
  const [attempt, starts, reason = ''] = counts.split(' ');
  return {
    ...{ kind: 'dead', reason: deadReason(reason), fence, attempt: Number(attempt), starts: Number(starts) },
    ...(note === undefined ? {} : { note }),
  };
};

/** A reason of the closed list. */
export const deadReason = (word: string): DeadReason =>
  DEAD_REASONS.find((reason) => reason === word) ?? unexpected('a reason');

/** Who may run at its turn. */
export const orderClaimScript: BatchScript<OrderClaimRequest, OrderClaimAnswer> = {
  name: 'order claim',
  source: SOURCE,
  answerSize: 4,
  keys: (add, names, request) => {
    add(names.keys, request.idempotencyKey);
    add(names.sequence(request.partition, request.orderKey));
    add(names.jobs, request.jobId);
    if (witnessedEnd(request) > 0) add(names.seen(request.waitingPartition));
  },
  words: (to, request) => {
    addAsked(to, request);
    to.add(numbersOf(request));
    to.add(`${request.place}`);
    to.add(`${knownOf(request)}`);
  },
  usual: firstClaim,
  answer: (replies, at) => readClaimAnswer(readers, replies, at),
};

/** What a direct worker has parked, -1 for nothing; of a copy on the waiting topic -2 when no replay is before it. */
const knownOf = ({ where, known = -1, replaysOver }: OrderClaimRequest): number => {
  if (where === 'direct') return known;
  return replaysOver === true ? -2 : -1;
};

/** What the witness must have seen before the direct way is believed; 0: nothing. */
export const witnessedEnd = ({ where, parkedEnd }: Pick<OrderClaimRequest, 'where' | 'parkedEnd'>): number =>
  where === 'direct' ? parkedEnd : 0;

const numbersOf = (request: OrderClaimRequest): string => {
  const { hop, attempt, starts, maxAttempts, maxStarts, leaseMs, where, ttlMs } = request;
  const counts = `${hop} ${attempt} ${starts} ${maxAttempts} ${maxStarts} ${wholeMs(leaseMs)}`;
  return `${counts} ${where === 'direct' ? 0 : 1} ${witnessedEnd(request)} ${lifetimeMs(ttlMs)}`;
};
