import { defineApp, knownTenants } from '../../../../src/index.ts';

/** An app whose stop takes seconds: something of it that never closes, until the bound of its step. */
export default defineApp({
  name: 'slow',
  events: [],
  jobs: [],
  tenants: knownTenants(['acme']),
  emitters: [
    () => ({
      emit: () => undefined,
      close: () => new Promise(() => undefined),
      status: () => [],
    }),
  ],
});
