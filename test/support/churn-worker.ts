import { start } from '../../src/index.ts';
import { churnApp } from './churn-app.ts';

// A worker process that joins, leaves and dies beside others, of one of two versions of its app.
const version = process.env['CHURN_VERSION'] === '2' ? 2 : 1;
const { app } = churnApp(process.env['CHURN_NS'] ?? '', process.env['CHURN_FILE'] ?? '', version, {
  slowMs: Number(process.env['CHURN_SLOW_MS']),
  refundsFail: process.env['CHURN_REFUNDS_FAIL'] === 'true',
});
const esteira = await start(app, {
  engine: {
    sessionTimeoutMs: 6_000,
    window: { records: Number(process.env['CHURN_WINDOW']), bytes: 8 * 1024 * 1024 },
  },
  onFatal: (error) => {
    console.error('fatal', error);
    process.exit(1);
  },
});
process.once('SIGTERM', () => {
  void esteira.stop().then((clean) => process.exit(clean ? 0 : 1));
});
process.send?.('ready');
