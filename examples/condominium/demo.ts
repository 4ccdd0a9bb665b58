import { randomBytes } from 'node:crypto';
import { start } from '../../src/index.ts';
import { failFirst, httpError } from './adapters/trouble.ts';
import { createApp } from './app.ts';
import { startMailServer } from './demo/mail-server.ts';
import { createNarrator } from './demo/narrator.ts';
import { checksOf, countKept, EXPECTED_ENDS, type Outcome } from './demo/outcome.ts';
import { inMemory, onKafka } from './demo/services.ts';
import { AURORA, STUBBORN_DOCUMENT, TENANTS, tellStory } from './demo/story.ts';
import { summaryOf } from './demo/summary.ts';
import { createTally, type Tally } from './demo/tally.ts';
import { createDependencies } from './dependencies.ts';

/** How long the mail service stays down after the breaker has opened. */
const MAIL_DOWN_MS = 500;
const LONGEST_WAIT_MS = 30_000;
const LOOK_EVERY_MS = 20;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until as many deliveries have ended as must; a demo that hangs says so instead. */
const untilEnded = async (tally: Tally): Promise<void> => {
  const giveUpAt = Date.now() + LONGEST_WAIT_MS;
  while (tally.ended() < EXPECTED_ENDS && Date.now() < giveUpAt) await pause(LOOK_EVERY_MS);
};

const print = (line: string): void => console.log(line);

const kafka = process.argv.includes('--kafka');
const startedMs = Date.now();
const mark = kafka
  ? (
      (run) => (id: string) =>
        `${id}-${run}`
    )(randomBytes(2).toString('hex'))
  : (id: string) => id;
const narrator = createNarrator(print, startedMs);
const tally = createTally();
const mail = await startMailServer();

let repairing = false;
const onBreaker = (state: string): void => {
  narrator.say('breaker', { type: 'mail', text: `the way to the mail service is ${state}` });
  if (repairing) return;
  repairing = true;
  setTimeout(() => {
    mail.setUp(true);
    narrator.say('repaired', { type: 'mail', text: 'the mail service works again' });
  }, MAIL_DOWN_MS);
};

const dependencies = createDependencies({
  tenants: TENANTS,
  mailUrl: mail.url,
  underLegalHold: [AURORA],
  trouble: {
    workspaces: failFirst({ [AURORA]: 1 }, () => httpError(409, 'another process is creating the workspace')),
    ledger: failFirst({ [mark('pay-101')]: 2 }, () => httpError(500, 'the books are locked')),
    embeddings: failFirst({ [STUBBORN_DOCUMENT]: 1_000 }, () =>
      httpError(500, 'the model could not read the scan'),
    ),
  },
  mailHooks: { onState: ({ state }) => onBreaker(state) },
});
const app = createApp(dependencies);
const services = kafka ? await onKafka(app) : inMemory();
print(
  `The condominium system, ${services.what}. Seconds, what happened, event or job type, tenant, which.\n`,
);

const esteira = await start(app, {
  environment: services.environment,
  onJobEvent: (event) => {
    if (tally.count(event)) narrator.job(event);
  },
});
const jobTypes = app.jobs.map(({ type }) => type);
const before = await countKept(esteira, jobTypes);
const told = await tellStory({ esteira, dependencies, narrator, mark });
await untilEnded(tally);
await esteira.idle({ timeoutMs: LONGEST_WAIT_MS });
const after = await countKept(esteira, jobTypes);

const outcome: Outcome = {
  ...{ told, tally, dependencies, mail, mark },
  deadLetterRecords: after[0] - before[0],
  failureEvents: after[1] - before[1],
};
const checks = checksOf(outcome);
for (const line of summaryOf(outcome, checks, Date.now() - startedMs)) print(line);

await esteira.stop();
dependencies.mail.close();
await mail.close();
await services.stop();
process.exitCode = checks.every(({ holds }) => holds) ? 0 : 1;
