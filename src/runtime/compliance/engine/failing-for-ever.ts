import { randomBytes } from 'node:crypto';
import { names } from '../../../core/names.ts';
import { countEvents, type Evidence, gather } from './evidence.ts';
import { FIRST_TENANT, openStage, type Script } from './stage.ts';

export interface FailingEvidence extends Evidence {
  readonly maxAttempts: number;
  /** What the policy says, ms. */
  readonly delaysMs: readonly number[];
  /** What was measured between an attempt's end and the next start, ms. */
  readonly waitsMs: readonly number[];
  /** Stood in the error's message. */
  readonly secret: string;
  /** The record it began with. */
  readonly origin: { readonly key: Buffer | null; readonly value: Buffer | null };
  /** Starts that came in the month after the dead letter, by themselves. */
  readonly laterStarts: number;
  /** How the app calls the tenant in its log. */
  readonly tenantField: string;
  readonly isDispatched: boolean;
}

const MONTH_MS = 2_592_000_000;

/** Made anew each time, so that none stands in any file. */
const makeSecret = (): string => `Rh-${randomBytes(18).toString('base64url')}`;

const waitsOf = ({ starts }: Pick<Evidence, 'starts'>): readonly number[] =>
  starts.slice(1).map(({ atMs }, index) => atMs - (starts[index]?.endedMs ?? Number.NaN));

/** Plays a handler that fails for ever, with a secret in what it throws, and a month after its end. */
export const playFailing = async (script: Script): Promise<FailingEvidence> => {
  const { app, job, way } = script;
  const secret = makeSecret();
  const stage = await openStage(script, () => {
    throw new Error(`login refused: password=${secret}`);
  });
  try {
    await stage.deliver({ tenant: FIRST_TENANT, id: 'failing', userId: 'rehearsal-user' });
    await stage.until(() => countEvents({ events: stage.process().told }, 'job.sent_to_dlq') > 0);
    const startsBefore = stage.starts.length;
    await stage.pass(MONTH_MS);
    const topic = way.kind === 'event' ? way.trigger.event.topic : names.inbox(app.name, job.type);
    const [origin] = await stage.services.read(topic);
    return {
      ...(await gather(stage)),
      ...{ maxAttempts: job.retry.attempts, delaysMs: job.retry.delaysMs, secret },
      waitsMs: waitsOf(stage),
      laterStarts: stage.starts.length - startsBefore,
      origin: { key: origin?.key ?? null, value: origin?.value ?? null },
      tenantField: app.tenantLogField,
      isDispatched: way.kind === 'dispatch',
    };
  } finally {
    await stage.close();
  }
};
