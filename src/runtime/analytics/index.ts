export type { JsonValue } from '../../telemetry/projection/query/json-values.ts';
export type { QueryColumn } from '../../telemetry/projection/query/run-query.ts';
export { VIEWS } from '../../telemetry/projection/views.ts';
export { findProjection, openProjection, type Projection } from './ask-projection.ts';
export { exportParquet } from './export-parquet.ts';
export { JOB_STATES, JobRow, listJobs } from './list-jobs.ts';
export { historyFrom } from './projected-history.ts';
export { tailTelemetry } from './tail-telemetry.ts';
