import { start } from '../../src/index.ts';
import { scenarioApp } from './scenario-app.ts';

// A worker process of the scenarios: works until SIGTERM; ends non-zero when it cannot go on.
const env = (name: string): string => process.env[name] ?? '';

const esteira = await start(
  scenarioApp({
    ns: env('SCENARIO_NS'),
    ledger: env('SCENARIO_LEDGER'),
    workMs: Number(env('SCENARIO_WORK_MS') || '1'),
    order: env('SCENARIO_ORDER') === 'key' ? 'key' : 'none',
  }),
  {
    engine: env('SCENARIO_SESSION_MS') === '' ? {} : { sessionTimeoutMs: Number(env('SCENARIO_SESSION_MS')) },
    onFatal: (error) => {
      console.error('fatal', error);
      process.exit(1);
    },
  },
);

process.once('SIGTERM', () => {
  void esteira.stop().then((clean) => process.exit(clean ? 0 : 1));
});
process.send?.('ready');
