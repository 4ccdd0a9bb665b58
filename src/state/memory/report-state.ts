import type { ProcessSaid, ReportStore } from '../../core/ports/process-reports.ts';
import { lifetimeMs } from '../durations.ts';
import { silently } from '../silently.ts';
import type { EachRequest } from './order-state.ts';
import type { StateTable } from './state-table.ts';

// The same rules as src/state/redis/report-state.ts.

/** What processes say of themselves, in this process's memory. */
export const memoryReports = (each: EachRequest): ReportStore => {
  const report = silently(
    each((table: StateTable, said: ProcessSaid) =>
      table.reports.set(said.process, said.text, lifetimeMs(said.lifetimeMs)),
    ),
  );
  const withdraw = silently(each((table: StateTable, process: string) => table.reports.delete(process)));
  const reports = each((table: StateTable, _: undefined) => table.reports.living());
  return {
    report: (said) => report([said]),
    withdraw: (process) => withdraw([process]),
    reports: async () => (await reports([undefined])).flat(),
  };
};
