import type {
  CondemnRequest,
  HoldRequest,
  LiftRequest,
  SequenceId,
  SequenceState,
  WaitingHead,
} from '../../core/ports/order-state.ts';
import { lifetimeMs } from '../durations.ts';
import type { AddKey, BatchScript } from './batch-script.ts';
import type { TenantNames } from './key-names.ts';
import { deadReason } from './order-claim-script.ts';
import { ORDER_PRELUDE } from './order-prelude.ts';
import { number, text } from './replies.ts';

// What people ask of sequences. The same rules as src/state/memory/order-settlement-rules.ts.

const keys = (add: AddKey, names: TenantNames, id: SequenceId): void =>
  add(names.sequence(id.partition, id.orderKey));

const INSPECT = `${ORDER_PRELUDE}
local answers = {}
for i = 1, #KEYS - 1 do
  local s = open(KEYS[i + 1])
  local at = 13 * i - 13
  for j = 1, 3 do answers[at + j] = s[j] end
  answers[at + 4], answers[at + 5], answers[at + 6] = s[S_PLACE] or -1, s[S_ATTEMPT] or 0, s[S_STARTS] or 0
  answers[at + 7], answers[at + 8] = s[S_DUE] or 0, s[S_DEAD] or ''
  answers[at + 9], answers[at + 10], answers[at + 11] = s[S_PLAN] or 0, s[S_STATE] or 0, s[S_DONE] or 0
  answers[at + 12], answers[at + 13] = s[S_COUNT] or 0, s[S_BY] or ''
end
return answers
`;

const headOf = (replies: readonly unknown[], at: number): WaitingHead => {
  const reason = text(replies[at + 4]);
  return {
    attempt: number(replies[at + 1]),
    starts: number(replies[at + 2]),
    dueMs: number(replies[at + 3]),
    ...(reason === '' ? {} : { dead: deadReason(reason) }),
  };
};

const STATES = ['prepared', 'begun', 'ended'] as const;

const replayOf = (replies: readonly unknown[], at: number): SequenceState['replay'] => {
  const [plan, done, count] = [number(replies[at]), number(replies[at + 2]), number(replies[at + 3])];
  const state = STATES[number(replies[at + 1]) - 1];
  return state === undefined ? undefined : { plan, by: text(replies[at + 4]), state, done, count };
};

/** Reads what is known. */
export const inspectScript: BatchScript<SequenceId, SequenceState> = {
  name: 'inspect',
  source: INSPECT,
  answerSize: 13,
  keys,
  words: () => undefined,
  answer: (replies, at) => {
    const replay = replayOf(replies, at + 8);
    const [parked, passed, held] = [number(replies[at]), number(replies[at + 1]), number(replies[at + 2])];
    const place = number(replies[at + 3]);
    const head = place === -1 ? {} : { head: headOf(replies, at + 3) };
    return {
      diverted: parked > passed || replay?.state === 'begun',
      ...(parked < 0 ? {} : { parked }),
      ...(passed < 0 ? {} : { passed }),
      ...(held === 0 ? {} : { held }),
      ...(replay === undefined ? {} : { replay: { ...replay, ...(place < -1 ? head : {}) } }),
      ...(place < 0 || head.head === undefined ? {} : { head: { place, ...head.head } }),
    };
  },
};

const HOLD = `${ORDER_PRELUDE}
for i = 1, #KEYS - 1 do
  local name = KEYS[i + 1]
  local s = open(name)
  local held = max(s[S_HELD], tonumber(ARGV[2 * i - 1]), 1)
  changed = held ~= s[S_HELD]
  s[S_HELD] = held
  save(name, s, ARGV[2 * i])
end
return {}
`;

/** Brings holds back. */
export const holdScript: BatchScript<HoldRequest, void> = {
  name: 'hold',
  source: HOLD,
  answerSize: 0,
  keys,
  words: (to, request) => {
    to.add(`${request.dead}`);
    to.add(`${lifetimeMs(request.ttlMs)}`);
  },
  answer: () => undefined,
};

const LIFT = `${ORDER_PRELUDE}
for i = 1, #KEYS - 1 do
  local name = KEYS[i + 1]
  local s = open(name)
  changed = s[S_HELD] ~= 0
  end_plan(s)
  s[S_HELD] = 0
  save(name, s, ARGV[i])
end
return {}
`;

/** Lifts holds. */
export const liftScript: BatchScript<LiftRequest, void> = {
  name: 'lift',
  source: LIFT,
  answerSize: 0,
  keys,
  words: (to, request) => to.add(`${lifetimeMs(request.ttlMs)}`),
  answer: () => undefined,
};

const CONDEMN = `${ORDER_PRELUDE}
local answers = {}
for i = 1, #KEYS - 1 do
  local name = KEYS[i + 1]
  local s = open(name)
  answers[i] = 0
  if s[S_PLACE] == tonumber(ARGV[3 * i - 2]) then
    answers[i] = 1
    s[S_DUE], changed = 0, true
    if s[S_DEAD] == '' then s[S_DEAD] = ARGV[3 * i - 1] end
    save(name, s, ARGV[3 * i])
  end
end
return answers
`;

/** Makes waiting heads die. */
export const condemnScript: BatchScript<CondemnRequest, 'condemned' | 'gone'> = {
  name: 'condemn',
  source: CONDEMN,
  answerSize: 1,
  keys,
  words: (to, request) => {
    to.add(`${request.place}`);
    to.add(request.reason);
    to.add(`${lifetimeMs(request.ttlMs)}`);
  },
  answer: (replies, at) => (number(replies[at]) === 1 ? 'condemned' : 'gone'),
};
