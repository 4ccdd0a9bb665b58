import { hostname } from 'node:os';
import type { Config } from '../config/index.ts';
import type { AppDefinition } from '../core/app.ts';
import type { ServiceIdentity } from '../core/job-event.ts';

/** Who tells, and is written into audits: the process as its configuration calls it, else as its app is called. */
export const identityOf = (
  { name }: Pick<AppDefinition, 'name'>,
  { serviceName, serviceVersion }: Pick<Config, 'serviceName' | 'serviceVersion'>,
): ServiceIdentity => ({
  service: serviceName ?? name,
  host: hostname(),
  ...(serviceVersion === undefined ? {} : { codeVersion: serviceVersion }),
});
