export { Compliance } from './compliance.ts';
export { DlqDeed, DlqEdit, DlqList, DlqShow, DlqStats } from './dlq.ts';
export { Doctor } from './doctor.ts';
export { EventsPublish, JobsDispatch, JobsList, JobsShow, JobsWhy } from './jobs.ts';
export { ControlChanges, ControlList, KeyChanges, KeysList, LimitsList, QueuesList } from './operating.ts';
export {
  DlqReplay,
  ReplayList,
  ReplayPlan,
  ReplayResult,
  ReplayReview,
  ReplayRun,
  ReplayStatus,
  ReplayStep,
} from './replay.ts';
export { SchemasCheck, SchemasGenerate, SchemasRegister } from './schemas.ts';
export { TelemetryExport, TelemetryQuery, TelemetryTail, TelemetryViews } from './telemetry.ts';
export { TopicsPlan } from './topics.ts';
