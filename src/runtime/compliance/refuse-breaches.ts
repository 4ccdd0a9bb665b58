import type { AppDefinition } from '../../core/app.ts';
import { EsteiraError } from '../../core/errors.ts';
import type { JobDefinition } from '../../core/job.ts';
import { judgeDefinition } from './definition/judge-definition.ts';

/**
 * Refuses job types whose definition breaks what every job must keep. Only what can be seen without running anything:
 * the rest is for `esteira compliance` in the pipeline.
 *
 * @throws EsteiraError ESTEIRA_COMPLIANCE_BREACH naming every breach of these job types.
 */
export const refuseBreaches = (app: AppDefinition, jobs: readonly JobDefinition<unknown>[]): void => {
  const breaches = jobs.flatMap((job) =>
    judgeDefinition(app, job).map(
      ({ line, says, todo = '' }) => `job ${job.type}: ${line}: ${says}; ${todo}`,
    ),
  );
  if (breaches.length === 0) return;
  throw new EsteiraError(
    'ESTEIRA_COMPLIANCE_BREACH',
    `in production no job type starts that breaks what every job must keep (\`esteira compliance\` shows all lines)\n  - ${breaches.join('\n  - ')}`,
    { facts: { breaches } },
  );
};
