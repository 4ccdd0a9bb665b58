import { createMemoryStateStore } from '../../src/state/memory/memory-state-store.ts';
import { StateTable } from '../../src/state/memory/state-table.ts';
import { manualClock } from '../support/manual-clock.ts';
import { describeLimitStore } from './limits.ts';

const clock = manualClock();
const table = new StateTable(clock);

describeLimitStore('memory', {
  open: async () => createMemoryStateStore({ clock, table }),
  advance: async (ms) => clock.advance(ms),
});
