import type { DunningCheck, Reminders } from '../use-cases/check-dunning.ts';

/** Reminders in memory: each invoice has one open until it is closed. */
export interface MemoryReminders extends Reminders {
  readonly closed: ReadonlySet<string>;
}

const keyOf = ({ tenant, invoiceId }: DunningCheck): string => `${tenant}/${invoiceId}`;

export const createReminders = (): MemoryReminders => {
  const closed = new Set<string>();
  return {
    closed,
    isOpen: async (check) => !closed.has(keyOf(check)),
    close: async (check) => {
      closed.add(keyOf(check));
    },
  };
};
