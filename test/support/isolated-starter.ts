import { defineApp, knownTenants, start } from '../../src/index.ts';

// What a user may well write, and threads must refuse: a module that starts the app it exports.
const app = defineApp({ name: 'isolated', events: [], jobs: [], tenants: knownTenants([]) });
await start(app, { environment: { LOG_LEVEL: 'silent' } });

export default app;
