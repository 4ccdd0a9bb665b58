// Definitions
export { type AppDefinition, type AppOptions, defineApp } from './core/app.ts';
// Business metrics and cost, on the telemetry topic
export {
  MetricsCollector,
  marketplaceKey,
  type ValidationContext,
  type ValidationMetrics,
  validationReport,
} from './core/business-metrics.ts';
export { classifyError, type ErrorRule } from './core/classify.ts';
export { type Completion, type CompletionOptions, completed } from './core/completion.ts';
export type { AvroContract } from './core/contract.ts';
export type { CostOptions } from './core/cost.ts';
export type { DeadLetterGuardOptions } from './core/dead-letter-guard.ts';
export type { Duration } from './core/duration.ts';
// Errors
export { type ErrorCode, EsteiraError, isEsteiraError } from './core/errors.ts';
export { defineEvent, type EventDefinition, type EventOptions, type PayloadCheck } from './core/event.ts';
// Contracts of Esteira's own topics
export { AuditRecord } from './core/generated/audit-record.ts';
export { JobEvent } from './core/generated/job-event.ts';
export { JobFailed } from './core/generated/job-failed.ts';
export { IntegrityError, UnrecoverableError } from './core/handler-errors.ts';
export type { InboxOptions } from './core/inbox.ts';
export type { IsolateOptions } from './core/isolate.ts';
export {
  defineJob,
  type JobContext,
  type JobDefinition,
  type JobKind,
  type JobOptions,
} from './core/job.ts';
export type { JobPolicyOptions, LockOptions } from './core/job-policy.ts';
export { DEFAULT_TIERS } from './core/ladder.ts';
export type { DeadReason, ErrorClass } from './core/outcome.ts';
// Logs and traces
export type { Log, LogFacts } from './core/ports/log.ts';
export type {
  EmitterParts,
  EmitterStatus,
  MakeEmitter,
  TelemetryEmitter,
} from './core/ports/telemetry-emitter.ts';
export type { ProgressFacts } from './core/progress.ts';
export type { QueueOptions, QueuePriority, TenantLimitOptions } from './core/queue.ts';
export type { AttemptEnd, ReportFacts, ReportSource } from './core/report.ts';
export type { AppResource } from './core/resources.ts';
export type { Backoff, RetryOptions } from './core/retry-policy.ts';
export type { StartRateOptions } from './core/start-rate.ts';
export type { VersionOptions } from './core/state-version.ts';
export { knownTenants, type Tenant, type TenantDirectory } from './core/tenants.ts';
export { type Trigger, type TriggerOptions, trigger } from './core/trigger.ts';
export type { PublishedEvent, PublishOptions } from './producers/event-publisher.ts';
export type { DispatchedJob, DispatchOptions } from './producers/job-dispatcher.ts';
// Providers: external services behind time-out, bounded concurrency and a circuit breaker
export { type Answer, defineProvider, type Provider } from './providers/provider.ts';
export type {
  BreakerOptions,
  ProviderCall,
  ProviderHooks,
  ProviderOptions,
} from './providers/provider-options.ts';
// Compliance: for tests, what `esteira compliance` does
export {
  type ComplianceOptions,
  type ComplianceReport,
  checkCompliance,
  type Finding,
} from './runtime/compliance/index.ts';
// Running
export type { LocalEventName, LocalListener } from './runtime/local-events.ts';
export { type Esteira, start } from './runtime/start.ts';
export type { StartOptions } from './runtime/start-options.ts';
export { jobLogContext } from './security/job-context.ts';
// Telemetry to other places than its topic
export { CompositeTelemetryEmitter } from './telemetry/emitters/composite-emitter.ts';
export { HTTPTelemetryEmitter } from './telemetry/emitters/http-emitter.ts';
export type { HTTPTelemetryEmitterOptions, ShapePayload } from './telemetry/emitters/http-options.ts';
export { MemoryTelemetryEmitter } from './telemetry/emitters/memory-emitter.ts';
export { type MarketplacePayload, marketplacePayload } from './telemetry/emitters/payload-shapes.ts';
export { jobSpanIds } from './telemetry/job-span-ids.ts';
