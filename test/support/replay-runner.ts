import { silentLog } from '../../src/core/ports/log.ts';
import { runReplay, withReplay } from '../../src/runtime/replay/index.ts';
import { openServices } from './open-services.ts';
import { QUICK_POLICY, replayApp } from './replay-app.ts';
import { windowApp } from './window-app.ts';

// An operator's process that runs a plan, made to be killed.
const { REPLAY_NS = '', REPLAY_PLAN = '', REPLAY_RATE = '0', REPLAY_OF = 'letters' } = process.env;
const app = REPLAY_OF === 'window' ? windowApp(REPLAY_NS).app : replayApp(REPLAY_NS);
const services = await openServices(app);
process.send?.('ready');
await withReplay(
  {
    ...{ app, backend: services.backend, log: silentLog, service: { service: 'it', host: 'a terminal' } },
    ...{ operator: { name: 'ana', roles: ['operator'] }, policy: QUICK_POLICY },
  },
  (parts) =>
    runReplay(parts, {
      ...{ planId: REPLAY_PLAN, reason: 'ink is back' },
      options: { rate: Number(REPLAY_RATE), canary: 0 },
    }),
);
await services.close();
process.disconnect?.();
