import { createMemoryStateStore } from '../../src/state/memory/memory-state-store.ts';
import { manualClock } from '../support/manual-clock.ts';
import { describeReportStore } from './reports.ts';

const clock = manualClock();

describeReportStore('memory', {
  open: async () => createMemoryStateStore({ clock }),
  advance: async (ms) => clock.advance(ms),
});
