import { BUSINESS_VIEWS } from './views/business.ts';
import { JOB_VIEWS } from './views/jobs.ts';
import { TROUBLE_VIEWS } from './views/trouble.ts';
import type { View } from './views/view.ts';
import { WORK_VIEWS } from './views/work.ts';

export type { View } from './views/view.ts';

/** The views over `job_events`, in an order in which they can be made. */
export const VIEWS: readonly View[] = [...WORK_VIEWS, ...TROUBLE_VIEWS, ...BUSINESS_VIEWS, ...JOB_VIEWS];

/** The statements that make the views, in their order; an older one of the name is replaced. */
export const VIEW_STATEMENTS: readonly string[] = VIEWS.map(
  ({ name, sql }) => `CREATE OR REPLACE VIEW ${name} AS ${sql}`,
);
