import { about, type Finding, provedUnless } from '../finding.ts';
import { SERVICE } from './engine-process.ts';
import { countEvents, type Evidence, gather, linesOf } from './evidence.ts';
import { FIRST_TENANT, openStage, type Script } from './stage.ts';

/** What the delivery says of itself; every one of it must arrive. */
const CHAIN = {
  userId: 'rehearsal-user',
  correlationId: 'rehearsal-chain',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
} as const;

export interface TwiceEvidence extends Evidence {
  /** Whether another delivery about the same was made too: the type says what makes two jobs the same. */
  readonly hasKey: boolean;
  /** How the app calls the tenant in its log. */
  readonly tenantField: string;
}

const DAY_MS = 86_400_000;

/** Plays the same delivery twice; and, where the type has an idempotency key, another one about the same. */
export const playTwice = async (script: Script): Promise<TwiceEvidence> => {
  const stage = await openStage(script, () => undefined);
  try {
    const delivery = { ...CHAIN, tenant: FIRST_TENANT };
    await stage.deliver({ ...delivery, id: 'first' });
    await stage.until(() => countEvents({ events: stage.process().told }, 'job.completed') > 0);
    const hasKey = stage.starts.some(({ ctx }) => ctx.idempotencyKey !== ctx.jobId);
    await stage.deliver({ ...delivery, id: 'first' });
    if (hasKey) await stage.deliver({ ...delivery, id: 'second' });
    await stage.pass(DAY_MS);
    return { ...(await gather(stage)), hasKey, tenantField: script.app.tenantLogField };
  } finally {
    await stage.close();
  }
};

/** Whether the sample came to a start at all: else nothing can be said of the type. */
export const reachedHandler = ({ starts }: Evidence): boolean => starts.length > 0;

/** Judges `idempotent`. */
export const judgeIdempotent = (seen: TwiceEvidence): Finding => {
  const repeats = seen.hasKey ? 2 : 1;
  const skipped = countEvents(seen, 'job.skipped');
  const times = seen.starts.length;
  if (times === 1 && skipped === repeats) {
    const what = seen.hasKey
      ? 'delivered twice, and once more as another event about the same'
      : 'delivered twice';
    return about('idempotent').proved(
      `${what}: started once, ${skipped === 1 ? 'the repeat is' : 'both repeats are'} told as skipped`,
    );
  }
  return about('idempotent').breach(
    `delivered ${repeats + 1} times: started ${times} times, ${skipped} told as skipped`,
    'make idempotencyKey a function of the payload alone: no time, no random value, no counter',
  );
};

const contextLacks = (seen: TwiceEvidence): readonly string[] => {
  const [start] = seen.starts;
  const given = { tenant: FIRST_TENANT, ...CHAIN };
  const ofHandler = Object.entries(given)
    .filter(([name, value]) => start === undefined || Reflect.get(start.ctx, name) !== value)
    .map(([name]) => `the handler was given another ${name}, or none`);
  const ofTelemetry = seen.events.flatMap((event) => {
    const { tenantId, userId, correlationId, traceparent } = event;
    const told = { tenant: tenantId, userId, correlationId, traceparent };
    return Object.entries(given)
      .filter(([name, value]) => Reflect.get(told, name) !== value)
      .map(([name]) => `${event.type} is told without ${name}`);
  });
  const identity = seen.events
    .filter(({ service }) => service !== SERVICE)
    .map(({ type }) => `${type} is not told as the service's own identity`);
  return [...new Set([...ofHandler, ...ofTelemetry, ...identity])];
};

const logLacks = (seen: TwiceEvidence): readonly string[] =>
  ['job.started', 'job.completed'].flatMap((name) => {
    const wanted: Readonly<Record<string, string>> = {
      [seen.tenantField]: FIRST_TENANT,
      userId: CHAIN.userId,
      correlationId: CHAIN.correlationId,
    };
    const [line] = linesOf(seen, name);
    return Object.entries(wanted)
      .filter(([field, value]) => line?.[field] !== value)
      .map(([field]) => `the log line ${name} is without ${field}`);
  });

/** Judges `context`. */
export const judgeContext = (seen: TwiceEvidence): Finding =>
  provedUnless(
    'context',
    [...contextLacks(seen), ...logLacks(seen)],
    'tenant, user, correlation and trace reach the handler, telemetry and log; it runs as the service, not as the user',
    'this is a fault of Esteira: please report it',
  );
