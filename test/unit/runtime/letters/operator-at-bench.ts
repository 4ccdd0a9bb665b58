import { onTestFinished } from 'vitest';
import { systemClock } from '../../../../src/core/clock.ts';
import { silentLog } from '../../../../src/core/ports/log.ts';
import { openControlLog } from '../../../../src/runtime/control/control-log.ts';
import type { ReplayParts } from '../../../../src/runtime/replay/index.ts';
import { openReplayWriter } from '../../../../src/runtime/replay-writer.ts';
import type { openBench } from '../../consumers/bench.ts';

/** What an operator called ana works with on the topics of a bench; closed at the end of the test. */
export const operatorAt = async ({
  app,
  backend,
}: Pick<ReturnType<typeof openBench>, 'app' | 'backend'>): Promise<ReplayParts> => {
  const { broker } = backend;
  const control = await openControlLog({ ns: app.name, broker, clock: systemClock, log: silentLog });
  onTestFinished(() => control.close());
  return {
    ...{ app, backend, clock: systemClock, service: { service: 'tests', host: 'here' }, control },
    ...{ policy: { observeMs: 1 }, operator: { name: 'ana', roles: ['operator'] } },
    connectWriter: () => openReplayWriter(app, backend, silentLog),
  };
};
