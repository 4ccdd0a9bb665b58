import { errorFacts } from '../../../core/error-facts.ts';
import type { JobEvent } from '../../../core/generated/job-event.ts';
import { countEvents } from '../engine/evidence.ts';
import { FIRST_TENANT, openStage, type Script, type Stage, type Start, TENANTS } from '../engine/stage.ts';
import type { OutsideGuard } from './outside-guard.ts';
import { type Deeds, type Service, tryHandler } from './tried-handler.ts';

/** What a play of an app's own handler left behind. */
export interface HandlerEvidence {
  readonly deeds: Deeds;
  readonly starts: readonly Start[];
  readonly events: readonly JobEvent[];
}

/** Answers of services by the name of their provider. */
export type Answers = Readonly<Record<string, unknown>>;

/** Real time a handler gets before time on the stage goes on without it, ms. */
const PATIENCE_MS = 3_000;
const AN_HOUR_MS = 3_600_000;
/** As many deliveries as open a breaker of the rehearsal, and some. */
const DOWN_TENANTS = TENANTS.slice(0, 8);

const isOver = (events: readonly JobEvent[], deliveries: number): boolean =>
  countEvents({ events }, 'job.completed') + countEvents({ events }, 'job.sent_to_dlq') >= deliveries;

const play = async (
  script: Script,
  guard: OutsideGuard,
  service: Service,
  act: (stage: Stage) => Promise<void>,
): Promise<HandlerEvidence> => {
  const tried = tryHandler(script.job, service, guard);
  const stage = await openStage(script, tried.handler, { patienceMs: PATIENCE_MS });
  try {
    await act(stage);
    return { deeds: tried.deeds, starts: stage.starts, events: stage.process().told };
  } finally {
    tried.close();
    await stage.close();
  }
};

const answering =
  (answers: Answers): Service =>
  async ({ provider }) =>
    answers[provider];

/** Services answer. */
export const playWell = (script: Script, guard: OutsideGuard, answers: Answers): Promise<HandlerEvidence> =>
  play(script, guard, answering(answers), async (stage) => {
    await stage.deliver({ tenant: FIRST_TENANT, id: 'well' });
    await stage.until(() => stage.starts.some(({ how }) => how !== 'running'));
  });

/** Services answer, and the process dies between the handler's end and the mark of it; another takes its place. */
export const playCrash = async (
  script: Script,
  guard: OutsideGuard,
  answers: Answers,
): Promise<HandlerEvidence> => {
  const tried = tryHandler(script.job, answering(answers), guard);
  let die = (): void => undefined;
  let isFirst = true;
  const stage = await openStage(
    script,
    async (payload, ctx) => {
      const dies = isFirst;
      isFirst = false;
      await tried.handler(payload, ctx);
      if (dies) die();
    },
    { patienceMs: PATIENCE_MS },
  );
  die = () => stage.die();
  try {
    await stage.deliver({ tenant: FIRST_TENANT, id: 'crash' });
    await stage.until(() => stage.starts.some(({ how }) => how !== 'running'));
    await stage.restart();
    await stage.until(() => isOver(stage.process().told, 1), 24 * AN_HOUR_MS);
    return { deeds: tried.deeds, starts: stage.starts, events: stage.process().told };
  } finally {
    tried.close();
    await stage.close();
  }
};

/** Services take calls and never answer. */
export const playHung = (script: Script, guard: OutsideGuard): Promise<HandlerEvidence> =>
  play(
    script,
    guard,
    () => new Promise(() => undefined),
    async (stage) => {
      await stage.deliver({ tenant: FIRST_TENANT, id: 'hung' });
      await stage.until(() => stage.starts.some(({ how }) => how !== 'running'), AN_HOUR_MS);
    },
  );

const refused = async (): Promise<never> => {
  throw Object.assign(new Error('the rehearsal refuses the connection'), { code: 'ECONNREFUSED' });
};

/** Services refuse every connection, for several tenants and long enough for a breaker to open. */
export const playDown = (script: Script, guard: OutsideGuard): Promise<HandlerEvidence> =>
  play(script, guard, refused, async (stage) => {
    for (const tenant of DOWN_TENANTS) await stage.deliver({ tenant, id: `down-${tenant}` });
    const wasOpened = (): boolean =>
      stage.starts.some(({ error }) => errorFacts(error).code === 'ESTEIRA_PROVIDER_OPEN');
    await stage.until(() => wasOpened() || isOver(stage.process().told, DOWN_TENANTS.length), AN_HOUR_MS / 2);
  });
