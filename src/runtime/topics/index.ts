export { applyTopics } from './apply-topics.ts';
export { auditRisk } from './audit-risk.ts';
export { planTopics } from './plan-topics.ts';
export {
  type FirstOffsets,
  isSettled,
  type OffsetOutOfRange,
  type OrphanedTopic,
  type PlanOptions,
  type Refusal,
  type TopicPlan,
} from './topic-plan.ts';
export { verifyTopics } from './verify-topics.ts';
