import { explainClaim } from './explain-claim.ts';
import { explainEnded } from './explain-ended.ts';
import { explainOrder } from './explain-order.ts';
import { explainRuled } from './explain-ruled.ts';
import { explainSuspended, explainTold, explainUnknown, explainWaiting } from './explain-waiting.ts';
import type { Explanation } from './explanation.ts';
import { type JobEvidence, lastStep } from './job-evidence.ts';

/** Where a job is, and why: the first of these that has an answer. Pure. */
export const explainJob = (evidence: JobEvidence): Explanation => {
  const last = lastStep(evidence);
  return (
    explainEnded(evidence) ??
    explainClaim(evidence) ??
    explainRuled(evidence) ??
    explainSuspended(evidence) ??
    explainOrder(evidence) ??
    explainWaiting(evidence) ??
    (last === undefined ? explainUnknown(evidence) : explainTold(evidence, last))
  );
};
