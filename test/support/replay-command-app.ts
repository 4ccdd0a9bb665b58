import { replayApp } from './replay-app.ts';

/** The app of the replays' tests for the command line. */
export default replayApp(process.env['REPLAY_NS'] ?? 'replay');
