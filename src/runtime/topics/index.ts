export { type ApplyOptions, applyTopics } from './apply-topics.ts';
export { planTopics } from './plan-topics.ts';
export {
  type ConfigChange,
  type FirstOffsets,
  isSettled,
  type OffsetOutOfRange,
  type TopicOptions,
  type TopicPlan,
} from './topic-plan.ts';
export { verifyTopics } from './verify-topics.ts';
