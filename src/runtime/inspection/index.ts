export { type ChangedKey, changeKey, type KeyChange } from './change-key.ts';
export { explainJob } from './explain-job.ts';
export { shortName } from './explain-order.ts';
export type { Explanation } from './explanation.ts';
export { inspectJob } from './inspect-job.ts';
export type { JobEvidence } from './job-evidence.ts';
export { listKeys, type StuckKey } from './list-keys.ts';
export { type JobTypeReport, listQueues, type QueueReport, type QueuesReport } from './list-queues.ts';
export { lengthWords, timeWords } from './time-words.ts';
