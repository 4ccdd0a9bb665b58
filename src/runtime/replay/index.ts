export { LEDGER_OUTCOMES, type LedgerOutcome } from './ledger-results.ts';
export { type PlanRequest, planReplay } from './make-plan.ts';
export { type ReplaySession, withReplay } from './open-replay.ts';
export { type PlanFile, readPlanFile } from './plan-file.ts';
export { approveReplay, cancelReplay, pauseReplay, type StepRequest } from './plan-steps.ts';
export { type ReplayItem, type ReplayNowRequest, type ReplayNowResult, replayNow } from './replay-now.ts';
export type {
  ReplayOperator,
  ReplayParts,
  ReplayPolicy,
} from './replay-parts.ts';
export { type ReplayedRecord, replayResults } from './replay-results.ts';
export {
  listReplays,
  outcomesOf,
  type ReplayState,
  type ReplayStatus,
  replayStatus,
} from './replay-status.ts';
export { type ReplayReview, type ReviewLine, reviewReplay } from './review-plan.ts';
export { approvalReason } from './run-guards.ts';
export {
  type ReplayProgress,
  type RunRequest,
  type RunResult,
  runReplay,
} from './run-plan.ts';
