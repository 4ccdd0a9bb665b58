import type { JobRef } from '../../core/ports/state.ts';
import type { BatchScript } from './batch-script.ts';
import { number } from './replies.ts';
import { SCRIPT_PRELUDE } from './script-prelude.ts';

// The same rule as `lastHop` of src/state/memory/claim-state.ts.

const SOURCE = `${SCRIPT_PRELUDE}
local answers = {}
for i = 1, #KEYS - 1 do
  local job = load(KEYS[i + 1])
  answers[i] = job and job[J_HOP] or -1
end
return answers
`;

/** Reads how far the decisions about jobs have come. */
export const lastHopScript: BatchScript<JobRef, number> = {
  name: 'last hops',
  source: SOURCE,
  answerSize: 1,
  keys: (add, names, { jobId }) => add(names.jobs, jobId),
  words: () => undefined,
  answer: (replies, at) => number(replies[at]),
};
