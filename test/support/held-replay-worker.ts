import { start } from '../../src/index.ts';
import { die } from './die.ts';
import { heldReplayApp } from './held-replay-app.ts';
import { openServices } from './open-services.ts';

// A worker that kills itself (SIGKILL, as the kernel would) when the entry it is told begins to be replayed.
const { CRASH_NS = '', CRASH_FILE = '', CRASH_ENTRY = '' } = process.env;
const { app } = heldReplayApp(CRASH_NS, CRASH_FILE, (entry) => {
  if (entry === CRASH_ENTRY) die();
});
const { backend } = await openServices(app);
await start(app, { backend, engine: { sessionTimeoutMs: 6_000 } });
process.send?.('ready');
