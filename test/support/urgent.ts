import type { Esteira } from '../../src/index.ts';
import { lanesApp } from './lanes-app.ts';
import { type Scenario, startScenario } from './scenario.ts';
import { TENANTS } from './scenario-app.ts';
import { pause, waitFor } from './wait.ts';

export interface UrgentRun {
  readonly scenario: Scenario;
  /** Normal jobs that have ended. */
  readonly ended: () => number;
  /** Dispatches an urgent job; answers how long it took from before the dispatch to the handler, ms. */
  readonly urgent: () => Promise<number>;
}

const AT_ONCE = 2_000;

/** Normal jobs first, without a worker, so that all of them lie in Kafka when it starts. */
const dispatchAll = async (
  esteira: Esteira,
  report: ReturnType<typeof lanesApp>['report'],
  count: number,
) => {
  for (let from = 0; from < count; from += AT_ONCE) {
    const numbers = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, index) => from + index);
    await Promise.all(
      numbers.map((number) =>
        esteira.dispatch(report, { number }, { tenant: TENANTS[number % TENANTS.length] ?? '' }),
      ),
    );
  }
};

/** A worker with a backlog of normal jobs of `workMs` each, which runs. */
export const behindBacklog = async (ns: string, backlog: number, workMs: number): Promise<UrgentRun> => {
  let ended = 0;
  let next = -1;
  const startedMs = new Map<number, number>();
  const { app, report } = lanesApp(ns, {
    onReport: async (number) => {
      if (number < 0) {
        startedMs.set(number, Date.now());
        return;
      }
      await pause(workMs);
      ended += 1;
    },
  });
  const producing = await startScenario(app, { roles: [] });
  await dispatchAll(producing.esteira, report, backlog);
  await producing.close();
  const scenario = await startScenario(app);
  await waitFor('the backlog to run', () => ended > 20, { timeoutMs: 30_000 });
  const urgent = async (): Promise<number> => {
    const number = next;
    next -= 1;
    const tenant = TENANTS[-number % TENANTS.length] ?? '';
    const beforeMs = Date.now();
    await scenario.esteira.dispatch(report, { number }, { tenant, priority: 1 });
    const atMs = await waitFor('the urgent job', () => startedMs.get(number), {
      ...{ timeoutMs: 60_000, everyMs: 5 },
    });
    return atMs - beforeMs;
  };
  return { scenario, ended: () => ended, urgent };
};
