import type { JobEvidence } from './job-evidence.ts';

/**
 * What may keep a job that is ready, and cannot be looked up from outside the worker that has it: caps of one process,
 * start rates, locks. As a sentence; empty where its job type and queue have none of them.
 */
export const unseenCapWords = ({
  job,
  queue,
  tenant,
}: Pick<JobEvidence, 'job' | 'queue' | 'tenant'>): string => {
  const ofTenants = queue === undefined ? [] : [queue.tenants, ...queue.tiers.values()];
  const name = queue?.name ?? '';
  const who = tenant ?? 'its tenant';
  const caps = [
    ...(job?.lock === undefined ? [] : ['its lock']),
    ...(queue?.startRate === undefined ? [] : [`the start rate of queue ${name}`]),
    ...(ofTenants.some(({ startRate }) => startRate !== undefined)
      ? [`the start rate of tenant ${who} in queue ${name}`]
      : []),
    ...(job?.concurrency === undefined ? [] : [`the concurrency of job type ${job.type} in its process`]),
    ...(queue?.concurrency === undefined ? [] : [`the concurrency of queue ${name} in its process`]),
    ...(ofTenants.some(({ concurrency }) => concurrency !== undefined)
      ? [`the concurrency of tenant ${who} in queue ${name}, in its process`]
      : []),
  ];
  return caps.length === 0 ? '' : ` It may also wait for ${caps.join(', or ')}: that is not looked up here.`;
};
