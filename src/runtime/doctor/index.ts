export type { Area, Check, Verdict } from './check.ts';
export { type Counts, type Diagnosis, diagnose } from './diagnose.ts';
export { type DoctorOptions, diagnoseApp } from './diagnose-app.ts';
