import type { RenewRequest } from '../../core/ports/state.ts';
import { wholeMs } from '../durations.ts';
import type { BatchScript } from './batch-script.ts';
import { number } from './replies.ts';
import { SCRIPT_PRELUDE } from './script-prelude.ts';

// The same rules as src/state/memory/claim-rules.ts.

const RENEW = `${SCRIPT_PRELUDE}
local answers = {}
for i = 1, #KEYS - 1 do
  local name = KEYS[i + 1]
  local key = load_key(name)
  answers[i] = 0
  if holds(key, tonumber(ARGV[2 * i - 1])) then
    extend(name, key, tonumber(ARGV[2 * i]))
    answers[i] = 1
  end
end
return answers
`;

/** Extends leases of claims that are still ours. */
export const renewScript: BatchScript<RenewRequest, 'renewed' | 'gone'> = {
  name: 'renew',
  source: RENEW,
  answerSize: 1,
  keys: (add, names, request) => add(names.keys, request.idempotencyKey),
  words: (to, request) => {
    to.add(String(request.fence));
    to.add(String(wholeMs(request.leaseMs)));
  },
  answer: (replies, at) => (number(replies[at]) === 1 ? 'renewed' : 'gone'),
};

const RELEASE = `${SCRIPT_PRELUDE}
for i = 1, #KEYS - 1 do
  local name = KEYS[i + 1]
  local key = load_key(name)
  if holds(key, tonumber(ARGV[i])) then
    local starts = key[R_STARTS]
    if key[R_DEAD] == '' then starts = starts - 1 end
    put(name, 'F' .. pack(key[R_JOB], key[R_HOP], starts, key[R_ORIGIN]), GRACE)
  end
end
return {}
`;

/** Gives claims back unused. */
export const releaseScript: BatchScript<RenewRequest, void> = {
  name: 'release',
  source: RELEASE,
  answerSize: 0,
  keys: (add, names, request) => add(names.keys, request.idempotencyKey),
  words: (to, request) => to.add(String(request.fence)),
  answer: () => undefined,
};
