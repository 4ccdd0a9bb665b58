import { z } from 'zod';
import { InvoicePaid } from '../examples/condominium/generated/invoice-paid.ts';
import { defineApp, defineEvent, defineJob, knownTenants } from '../src/index.ts';
import { invoice } from './support/invoices.ts';
import { freshName, startScenario } from './support/scenario.ts';
const FLOOD = Number(process.argv[2]); const WORK = Number(process.argv[3]); const CONC = Number(process.argv[4]);
const ns = freshName('flood');
const paid = defineEvent(InvoicePaid, { topic: `${ns}.ev`, check: 'none', partitions: 1 });
let ran = 0, quiet = 0;
const job = defineJob<InvoicePaid>({ type: 'settle', kind: 'reactive', on: paid, order: 'none', startFrom: 'beginning', concurrency: CONC,
  retry: { attempts: 2, backoff: '100ms' },
  run: async (_e, { tenant }) => { if (tenant === 'quiet') quiet = Date.now(); if (WORK > 0) await new Promise((r) => setTimeout(r, WORK)); ran += 1; } });
const app = defineApp({ name: ns, events: [paid], jobs: [job], tiers: ['100ms'], tenants: knownTenants(['big', 'quiet']) });
const p = await startScenario(app, { roles: [] });
for (let at = 0; at < FLOOD; at += 5000) await Promise.all(Array.from({ length: Math.min(5000, FLOOD - at) }, (_, i) => p.esteira.publish(paid, invoice(`f${at + i}`), { tenant: 'big' })));
await p.esteira.publish(paid, invoice('quiet'), { tenant: 'quiet' });
await p.close();
let deferred = 0;
const t0 = Date.now();
const c0 = process.cpuUsage();
const s = await startScenario(app, { environment: { ...process.env, LOG_LEVEL: 'silent', WORKER_MAX_CONCURRENT_JOBS: String(CONC) }, onJobEvent: (e) => { if (e.type === 'job.deferred') deferred += 1; } });
const t1 = Date.now();
let last = 0, lastRan = 0;
const timer = setInterval(() => { const u = process.cpuUsage(c0); console.log(Date.now() - t1, 'moved/s', (deferred - last) * 2, 'ran/s', (ran - lastRan) * 2, 'cpu', Math.round((u.user + u.system) / 1000)); last = deferred; lastRan = ran; }, 500);
while (quiet === 0) await new Promise((r) => setTimeout(r, 20));
console.log('start took', t1 - t0, 'quiet after', quiet - t1, 'moved', deferred, 'ran', ran);
if (process.argv[5] !== 'all') { clearInterval(timer); await s.close(); process.exit(0); }
while (ran <= FLOOD) await new Promise((r) => setTimeout(r, 20));
console.log('all after', Date.now() - t1, 'moved', deferred, 'ran', ran); clearInterval(timer); await s.close(); process.exit(0);
