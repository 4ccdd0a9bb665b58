import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { start } from '../../src/index.ts';
import { failFirst, httpError } from './adapters/trouble.ts';
import { createApp } from './app.ts';
import { type MailServer, startMailServer } from './demo/mail-server.ts';
import { createNarrator, type Narrator } from './demo/narrator.ts';
import { checksOf, countKept, EXPECTED_ENDS } from './demo/outcome.ts';
import { inMemory, onKafka, type Services } from './demo/services.ts';
import { AURORA, STUBBORN_DOCUMENT, TENANTS, tellStory } from './demo/story.ts';
import { summaryOf } from './demo/summary.ts';
import { createTally, type Tally } from './demo/tally.ts';
import { createDependencies, type Dependencies } from './dependencies.ts';

/** How long the mail service stays down after the breaker has opened. */
const MAIL_DOWN_MS = 500;
const LONGEST_WAIT_MS = 30_000;
const LOOK_EVERY_MS = 20;

/** Its topics and groups are not those of an app that was started on the same services. */
const DEMO_NAME = 'condominium-demo';
const USAGE = 'Usage: npm run demo -- [--kafka]    (--kafka: on the real services, in place of memory)';

const print = (line: string): void => console.log(line);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until as many deliveries have ended as must; a demo that hangs says so instead. */
const untilEnded = async (tally: Tally): Promise<void> => {
  const giveUpAt = Date.now() + LONGEST_WAIT_MS;
  while (tally.ended() < EXPECTED_ENDS && Date.now() < giveUpAt) await pause(LOOK_EVERY_MS);
};

/** Repairs the mail service a while after the breaker has opened for the first time, and tells. */
const repairer = (mail: MailServer, narrator: Narrator): ((state: string) => void) => {
  let repairing = false;
  return (state) => {
    narrator.say('breaker', { type: 'mail', text: `the way to the mail service is ${state}` });
    if (repairing) return;
    repairing = true;
    setTimeout(() => {
      mail.setUp(true);
      narrator.say('repaired', { type: 'mail', text: 'the mail service works again' });
    }, MAIL_DOWN_MS);
  };
};

type Mark = (id: string) => string;

/** The dependencies of the app, with trouble on purpose. */
const troubledDependencies = (mail: MailServer, narrator: Narrator, mark: Mark): Dependencies => {
  const onState = repairer(mail, narrator);
  return createDependencies({
    tenants: TENANTS,
    mailUrl: mail.url,
    mailHooks: { onState: ({ state }) => onState(state) },
    underLegalHold: [AURORA],
    trouble: {
      workspaces: failFirst({ [AURORA]: 1 }, () =>
        httpError(409, 'another process is creating the workspace'),
      ),
      ledger: failFirst({ [mark('pay-101')]: 2 }, () => httpError(500, 'the books are locked')),
      embeddings: failFirst({ [STUBBORN_DOCUMENT]: 1_000 }, () =>
        httpError(500, 'the model could not read the scan'),
      ),
    },
  });
};

interface Setting {
  readonly services: Services;
  readonly dependencies: Dependencies;
  readonly narrator: Narrator;
  readonly mail: MailServer;
  readonly mark: Mark;
}

/** Runs the story on services that are there; answers whether all is as it must be. */
const play = async ({ services, dependencies, narrator, mail, mark }: Setting): Promise<boolean> => {
  const app = createApp(dependencies, DEMO_NAME);
  const tally = createTally();
  const esteira = await start(app, {
    environment: services.environment,
    onJobEvent: (event) => {
      if (tally.count(event)) narrator.job(event);
    },
  });
  try {
    const before = await countKept(esteira, app);
    const told = await tellStory({ esteira, dependencies, narrator, mark });
    await untilEnded(tally);
    await esteira.idle({ timeoutMs: LONGEST_WAIT_MS });
    const after = await countKept(esteira, app);
    const kept = { deadLetterRecords: after[0] - before[0], failureEvents: after[1] - before[1] };
    const outcome = { told, tally, dependencies, mail, mark, ...kept };
    const checks = checksOf(outcome);
    for (const line of summaryOf(outcome, checks, narrator.elapsedMs())) print(line);
    return checks.every(({ holds }) => holds);
  } finally {
    await esteira.stop();
  }
};

const withMail = async <T>(work: (mail: MailServer) => Promise<T>): Promise<T> => {
  const mail = await startMailServer();
  try {
    return await work(mail);
  } finally {
    await mail.close();
  }
};

const runDemo = (kafka: boolean): Promise<boolean> =>
  withMail(async (mail) => {
    const run = randomBytes(2).toString('hex');
    // On services that outlive the demo, ids must not be those of an earlier run: its jobs are done.
    const mark: Mark = kafka ? (id) => `${id}-${run}` : (id) => id;
    const narrator = createNarrator(print);
    const dependencies = troubledDependencies(mail, narrator, mark);
    const services = kafka ? await onKafka(createApp(dependencies, DEMO_NAME)) : inMemory();
    try {
      print(
        `The condominium system, ${services.what}. Seconds, what happened, event or job type, tenant, which.\n`,
      );
      narrator.begin();
      return await play({ services, dependencies, narrator, mail, mark });
    } finally {
      dependencies.mail.close();
      await services.stop();
    }
  });

/** What was asked for; undefined when it is nothing the demo knows. */
const readArguments = (): { readonly kafka: boolean } | undefined => {
  try {
    const { kafka = false } = parseArgs({ options: { kafka: { type: 'boolean' } } }).values;
    return { kafka };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    return undefined;
  }
};

const asked = readArguments();
process.exitCode = asked === undefined ? 2 : (await runDemo(asked.kafka)) ? 0 : 1;
