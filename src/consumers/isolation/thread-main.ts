import { workerData } from 'node:worker_threads';
import { z } from 'zod';
import type { AppDefinition } from '../../core/app.ts';
import { systemClock } from '../../core/clock.ts';
import { EsteiraError } from '../../core/errors.ts';
import type { JobContext } from '../../core/job.ts';
import { runInJobContext } from '../../security/job-context.ts';
import { ProgressTeller } from '../progress-teller.ts';
import type { FromThread, ThreadData, ToThread } from './messages.ts';
import { packError, unpackError } from './packed-error.ts';
import { ReportForwarder } from './report-forwarder.ts';
import { threadLog, withinSentSpan } from './thread-log.ts';
import { withBuffers } from './with-buffers.ts';

// The program of the thread of an isolated job type: finds the app, and runs one handler at a time.
const { port, appModule }: ThreadData = workerData;
const tell = (message: FromThread): void => port.postMessage(message);

/** What `defineApp` makes, as far as it can be told apart: the app may have its own copy of the package. */
const AppShape = z.looseObject({
  name: z.string(),
  jobs: z.array(z.looseObject({ type: z.string(), run: z.custom((run) => typeof run === 'function') })),
});
const isApp = (value: unknown): value is AppDefinition => AppShape.safeParse(value).success;

const loadApp = async (): Promise<AppDefinition> => {
  const { default: app }: { readonly default?: unknown } = await import(appModule);
  if (isApp(app)) return app;
  throw new EsteiraError(
    'ESTEIRA_DEFINITION_INVALID',
    'its default export is not an app: write `export default defineApp({ … })`',
  );
};

/** Runs the handler; resolves when it has ended. */
const runJob = async (
  app: AppDefinition,
  { payload, context: sent, telling }: ToThread & { kind: 'run' },
  signal: AbortSignal,
): Promise<FromThread> => {
  const job = app.jobs.find(({ type }) => type === sent.jobType);
  const progress = new ProgressTeller(systemClock, (facts) => tell({ kind: 'progress', facts }));
  const reports = new ReportForwarder(systemClock, job ?? { type: sent.jobType }, (said) =>
    tell({ kind: 'report', said }),
  );
  const context: JobContext = {
    ...{ ...sent, signal, progress: (facts) => progress.report(facts) },
    ...{ report: (given) => reports.report.report(given) },
    addCost: (kind, quantity) => reports.report.addCost(kind, quantity),
    log: threadLog(sent.executionId, telling, tell),
  };
  try {
    if (job === undefined)
      throw new EsteiraError('ESTEIRA_JOB_TYPE_UNKNOWN', `${sent.jobType} is not in the app of ${appModule}`);
    const current = { ...context, logContext: telling.logContext };
    await runInJobContext(current, () =>
      withinSentSpan(telling, () => job.run(withBuffers(payload), context)),
    );
    return { kind: 'returned' };
  } catch (error) {
    return { kind: 'threw', error: packError(error) };
  } finally {
    progress.end();
    reports.end();
  }
};

const serve = (app: AppDefinition): void => {
  let controller = new AbortController();
  port.on('message', (message: ToThread) => {
    if (message.kind === 'abort') {
      controller.abort(unpackError(message.reason));
      return;
    }
    controller = new AbortController();
    void runJob(app, message, controller.signal).then(tell);
  });
};

try {
  const app = await loadApp();
  serve(app);
  const isolated = app.jobs.filter(({ isolate }) => isolate !== undefined).map(({ type }) => type);
  tell({ kind: 'ready', app: { name: app.name, isolated } });
} catch (error) {
  tell({ kind: 'unusable', error: packError(error) });
}
