import { windowApp } from './window-app.ts';

/** The app of the windows' tests for the command line. */
export default windowApp(process.env['WINDOW_NS'] ?? 'window').app;
