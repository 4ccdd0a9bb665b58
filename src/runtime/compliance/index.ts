export {
  type ComplianceOptions,
  type ComplianceReport,
  checkCompliance,
  type JobCompliance,
} from './check-compliance.ts';
export type { Finding, LineName, Verdict } from './finding.ts';
export { requireRehearsalPlace } from './handlers/rehearsal-place.ts';
export { parseSamples, type Samples } from './samples.ts';
