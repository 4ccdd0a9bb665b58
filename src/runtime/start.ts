import { type Config, loadConfig, readEnvironment } from '../config/index.ts';
import { wantsTraces } from '../config/tracing.ts';
import { DEFAULT_ENGINE_SETTINGS, type EngineParts, type EngineSettings } from '../consumers/engine-parts.ts';
import { type Isolation, openIsolation } from '../consumers/isolation/isolated-jobs.ts';
import { refuseInJobThread } from '../consumers/isolation/thread-data.ts';
import { QueueLimits } from '../consumers/limits/queue-limits.ts';
import { SlotScheduler } from '../consumers/scheduling/slot-scheduler.ts';
import { createTenantResolver } from '../consumers/tenant-resolver.ts';
import type { AppDefinition } from '../core/app.ts';
import { systemClock } from '../core/clock.ts';
import { EsteiraError, isEsteiraError } from '../core/errors.ts';
import type { EventDefinition } from '../core/event.ts';
import type { JobEvent } from '../core/generated/job-event.ts';
import type { JobDefinition } from '../core/job.ts';
import type { ServiceIdentity } from '../core/job-event.ts';
import type { RecordProducer } from '../core/ports/broker.ts';
import type { AppResource } from '../core/resources.ts';
import {
  createEventPublisher,
  type PublishedEvent,
  type PublishOptions,
} from '../producers/event-publisher.ts';
import {
  createJobDispatcher,
  type DispatchedJob,
  type DispatchOptions,
} from '../producers/job-dispatcher.ts';
import type { Logger } from '../telemetry/logger.ts';
import { spansAround } from './attempt-spans.ts';
import { type Backend, contractsOf } from './backend.ts';
import { refuseBreaches } from './compliance/refuse-breaches.ts';
import { type Obedience, type OpenControlParts, openControl } from './control/open-control.ts';
import { type Health, type HealthParts, startHealth } from './health.ts';
import { untilIdle } from './idle.ts';
import { type LocalEventName, LocalEvents, type LocalListener } from './local-events.ts';
import { openBackend } from './open-backend.ts';
import { projectionsOf } from './projection/index.ts';
import { requireKafka } from './reach-kafka.ts';
import { identityOf } from './service-identity.ts';
import type { StartOptions } from './start-options.ts';
import { runSteps, STEP_BOUND_MS, type Step, step } from './stop-in-order.ts';
import { openLog, openTelling, producerOptions, type Telling } from './telling.ts';
import { applyTopics, verifyTopics } from './topics/index.ts';
import { createWorkers, ROLES, runsJob, type Workers } from './worker-pool.ts';

/** A running app: publishes, dispatches, and works as its roles say. */
export interface Esteira {
  /** See {@link createEventPublisher}. */
  publish<T>(event: EventDefinition<T>, value: T, options: PublishOptions): Promise<PublishedEvent>;
  /** See {@link createJobDispatcher}. */
  dispatch<P>(job: JobDefinition<P>, payload: P, options: DispatchOptions): Promise<DispatchedJob>;
  /** Listens to what happens in this process, told at once and not durable; the returned function ends it. */
  on(name: LocalEventName, listener: LocalListener): () => void;
  /** Resolves when all groups have settled everything; for tests and demos. @throws EsteiraError ESTEIRA_NOT_IDLE */
  idle(options?: { readonly timeoutMs?: number }): Promise<void>;
  /** Stops in order, each step bounded. Safe to call twice. Answers whether every step ended in time. */
  stop(): Promise<boolean>;
  /** The port of health and metrics; undefined when not served. */
  readonly healthPort: number | undefined;
  readonly backend: Backend;
}

/** What a start has built so far, to be taken down in the reverse order. */
interface Built {
  readonly app: AppDefinition;
  readonly config: Config;
  readonly log: Logger;
  readonly backend: Backend;
  readonly ownsBackend: boolean;
  producer?: RecordProducer;
  telling?: Telling;
  workers?: Workers;
  limits?: QueueLimits;
  control?: Obedience;
  isolation?: Isolation;
  health?: Health;
}

const COMMIT_EVERY_IN_MEMORY_MS = 20;
/** How often `idle` looks; asking Kafka costs the broker some twenty requests. */
const IDLE_POLL_MS = { memory: 20, kafka: 200 } as const;

const stepsToStop = (built: Built, resources: readonly AppResource[]): readonly Step[] => {
  const { config, workers, limits, isolation, producer, health, telling, backend, control } = built;
  const graceMs = config.worker.shutdownGraceMs;
  const leave = async (): Promise<void> => {
    control?.close();
    await workers?.stop();
  };
  return [
    ...(workers === undefined
      ? []
      : [step('finish running jobs', () => workers.drain(graceMs), graceMs + STEP_BOUND_MS)]),
    ...(workers === undefined && control === undefined ? [] : [step('commit and leave groups', leave)]),
    ...(isolation === undefined ? [] : [step('end threads of isolated jobs', () => isolation.close())]),
    ...(limits === undefined ? [] : [step('give limits and locks back', () => limits.stop())]),
    ...(telling?.emitters === undefined
      ? []
      : [step('send what emitters hold', () => closeEmitters(telling))]),
    ...(producer === undefined
      ? []
      : [step('flush and close producer', () => producer.close(STEP_BOUND_MS))]),
    ...(health === undefined ? [] : [step('close health server', () => health.close())]),
    ...resources.toReversed().map((one) => step(`close ${one.name}`, () => one.close())),
    ...(built.ownsBackend ? [step('close services', () => backend.close())] : []),
    ...(telling === undefined ? [] : [step('shut telemetry down', () => telling.openTelemetry.shutdown())]),
  ];
};

/** Ends within the bound of its step. */
const closeEmitters = ({ emitters }: Telling): Promise<void> =>
  emitters?.close(STEP_BOUND_MS - 1_000) ?? Promise.resolve();

const verifyServices = async (built: Built): Promise<void> => {
  const { app, config, backend } = built;
  if (config.backend === 'kafka') await requireKafka(config, backend.broker.admin);
  const replication = config.backend === 'kafka' ? config.kafka.replicationFactor : 1;
  const options = replication === undefined ? {} : { replicationFactor: replication };
  if (config.backend === 'memory') await applyTopics(app, backend.broker.admin, options);
  else await verifyTopics(app, backend.broker.admin, options);
  await backend.state.verify();
  await warmSchemas(built);
};

const registryUnreachable = (config: Config, cause: unknown): EsteiraError => {
  const where = config.backend === 'kafka' ? config.registry.url : 'memory';
  return new EsteiraError(
    'ESTEIRA_SERVICE_UNREACHABLE',
    `The schema registry does not answer at ${where}: start it (\`npm run stack\` starts Kafka, a schema registry and Redis), or correct SCHEMA_REGISTRY_URL`,
    { facts: { service: 'schema-registry', url: where }, cause },
  );
};

/** What Esteira itself writes must be registered; an event that is not may still be read, and is refused at publish. */
const warmSchemas = async ({ app, config, backend, log }: Built): Promise<void> => {
  for (const contract of contractsOf(app)) {
    try {
      await backend.serde.warm([contract]);
    } catch (error) {
      if (isEsteiraError(error, 'ESTEIRA_REGISTRY_UNAVAILABLE')) throw registryUnreachable(config, error);
      const isEvent = app.events.some((event) => event.contract.name === contract.name);
      if (!isEvent || !isEsteiraError(error, 'ESTEIRA_SCHEMA_NOT_REGISTERED')) throw error;
      log.warn('an event of the app is not registered: it can be read, not published', {
        schema: contract.name,
      });
    }
  }
};

/**
 * Starts an app: in memory, or on Kafka, a schema registry and Redis, as the environment says. Everything is checked
 * before anything runs; what fails is taken down again.
 *
 * @throws EsteiraError ESTEIRA_CONFIG_INVALID, ESTEIRA_MEMORY_BACKEND_IN_PRODUCTION, ESTEIRA_SERVICE_UNREACHABLE,
 *   ESTEIRA_TOPICS_DIFFER, ESTEIRA_STATE_UNSAFE, ESTEIRA_SCHEMA_NOT_REGISTERED, ESTEIRA_DEFINITION_INVALID for isolated
 *   job types whose threads could not find them, ESTEIRA_USAGE in such a thread; in production
 *   ESTEIRA_COMPLIANCE_BREACH.
 */
export const start = async (app: AppDefinition, options: StartOptions = {}): Promise<Esteira> => {
  refuseInJobThread(app.name);
  const environment = options.environment ?? readEnvironment();
  const config = loadConfig(environment);
  const service = config.serviceName ?? app.name;
  const log = openLog(service, config, options.logTo);
  const backend = options.backend ?? (await openBackend(app, config, log));
  const built: Built = { app, config, log, backend, ownsBackend: options.backend === undefined };
  try {
    const runsHere = (job: JobDefinition<unknown>): boolean => runsJob(options, job);
    if (config.production) refuseBreaches(app, app.jobs.filter(runsHere));
    const isolation = await openIsolation({ app, clock: systemClock, log, runsHere }, options.appModule);
    if (isolation !== undefined) built.isolation = isolation;
    await verifyServices(built);
    return await assemble(built, options, identityOf(app, config), wantsTraces(environment));
  } catch (error) {
    // The app's resources stay open: whoever called may try again.
    await runSteps(systemClock, log, stepsToStop(built, []));
    throw error;
  }
};

const engineSettings = (config: Config, options: StartOptions): EngineSettings => ({
  ...DEFAULT_ENGINE_SETTINGS,
  attemptTimeoutMs: config.worker.defaultTimeoutMs,
  ...(config.backend === 'memory' ? { commitEveryMs: COMMIT_EVERY_IN_MEMORY_MS } : {}),
  ...options.engine,
});

const assemble = async (
  built: Built,
  options: StartOptions,
  identity: ServiceIdentity,
  traces: boolean,
): Promise<Esteira> => {
  const { app, config, log, backend } = built;
  const { broker, serde, state } = backend;
  const clock = systemClock;
  const { service } = identity;
  const opened = await broker.createProducer(producerOptions(app));
  built.producer = opened;
  const tenants = createTenantResolver(app.tenants, clock);
  const local = new LocalEvents(log);
  const onJobEvent = (event: JobEvent): void => {
    local.tell(event);
    options.onJobEvent?.(event);
  };
  built.telling = await openTelling({
    ...{ app, config, service, log, backend, producer: opened, traces, tenants },
    onJobEvent,
    telemetry: options.telemetry ?? true,
    countsLetters: options.health === true,
  });
  const { telemetry, openTelemetry, producer } = built.telling;
  const around = spansAround(app, openTelemetry);
  const fatal = onceFatal(log, options.onFatal);
  const slots = new SlotScheduler({
    ...{ size: config.worker.maxConcurrentJobs, queues: [...app.queues.values()] },
    soon: queueMicrotask,
  });
  const limits = new QueueLimits({
    ...{ app, store: state.limits, clock, log, slots, tenants },
    onError: (error) => fatal(error instanceof Error ? error : new Error(String(error))),
  });
  if (limits.inUse) built.limits = limits;
  const workers = createWorkers(
    {
      ...{ app, broker, producer, state, reports: state.reports, serde, telemetry, clock, log, identity },
      ...(built.isolation && { app: built.isolation.app }),
      ...{ tenants, ...(await followControl(built, options, { slots, limits, identity })) },
      ...{ settings: engineSettings(config, options), onFatal: fatal },
      ...(around === undefined ? {} : { around, knownSpans: openTelemetry.ownIds }),
      ...(options.classify === undefined ? {} : { classify: options.classify }),
    },
    options,
    projectionsOf(built, options.roles),
  );
  built.workers = workers;
  await workers.start();
  await serveHealth(built, options, { workers, slots, limits, telling: built.telling });
  const { traced } = openTelemetry;
  const parts = { app, producer, serde, clock, ...identity, telemetry, traced };
  return {
    publish: createEventPublisher(parts),
    dispatch: createJobDispatcher(parts),
    on: (name, listener) => local.on(name, listener),
    idle: ({ timeoutMs = 30_000 } = {}) =>
      untilIdle(app, broker.admin, timeoutMs, IDLE_POLL_MS[config.backend]),
    stop: once(() => runSteps(clock, log, stepsToStop(built, app.resources))),
    healthPort: built.health?.port,
    backend,
  };
};

const serveHealth = async (
  built: Built,
  options: StartOptions,
  parts: Pick<HealthParts, 'workers' | 'slots' | 'limits' | 'telling'>,
): Promise<void> => {
  if (options.health !== true) return;
  const { app, config, log, backend, control } = built;
  built.health = await startHealth({
    ...{ ...parts, app, config, log, control, broker: backend.broker, clock: systemClock },
    jobs: app.jobs.filter((job) => runsJob(options, job)),
  });
};

/** What operators have ordered, and what obeys it: known before the first job starts. */
const followControl = async (
  built: Built,
  { roles = ROLES }: StartOptions,
  { slots, limits, identity }: Omit<OpenControlParts, 'app' | 'backend' | 'log'>,
): Promise<Pick<EngineParts, 'slots' | 'limits' | 'control'>> => {
  const { control, obedience } = await openControl({ ...built, slots, limits, identity }, roles.length > 0);
  if (obedience !== undefined) built.control = obedience;
  return { slots, limits, control };
};

/** The first fatal error is told; what follows it is noise. */
const onceFatal = (log: Logger, tell: ((error: Error) => void) | undefined): ((error: Error) => void) => {
  let told = false;
  return (error) => {
    if (told) return;
    told = true;
    log.error('fatal: the process cannot go on', { error: error.name, detail: error.message });
    tell?.(error);
  };
};

const once = <T>(run: () => Promise<T>): (() => Promise<T>) => {
  let running: Promise<T> | undefined;
  return () => {
    running ??= run();
    return running;
  };
};
