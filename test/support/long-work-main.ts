import { start } from '../../src/index.ts';
import app, { hashDocument } from './long-work-app.ts';

// A program that does nothing but wait for its jobs: threads that load or run must keep it alive, idle ones must not.
const esteira = await start(app, {
  appModule: new URL('./long-work-app.ts', import.meta.url),
  environment: { LOG_LEVEL: 'silent' },
});
esteira.on('completed', ({ jobType }) => console.log(`completed ${jobType}`));
await esteira.dispatch(hashDocument, { text: 'a', rounds: 2_000 }, { tenant: 'acme' });
await esteira.idle();
console.log(`stopped ${await esteira.stop()}`);
