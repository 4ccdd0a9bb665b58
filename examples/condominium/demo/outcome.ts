import type { AppDefinition, Esteira } from '../../../src/index.ts';
import type { Dependencies } from '../dependencies.ts';
import type { MailServer } from './mail-server.ts';
import { AURORA, PAYMENTS, TENANTS, TORRE, type Told } from './story.ts';
import type { Tally } from './tally.ts';

/** Everything the closing summary speaks of. */
export interface Outcome {
  readonly told: Told;
  readonly tally: Tally;
  readonly dependencies: Dependencies;
  readonly mail: MailServer;
  readonly mark: (id: string) => string;
  /** Records this run added to the dead letter topics and to the topic of failures. */
  readonly deadLetterRecords: number;
  readonly failureEvents: number;
}

/** One thing that must be so. */
export interface Check {
  readonly claim: string;
  readonly holds: boolean;
  /** What was found, for when it does not hold. */
  readonly found: string;
}

interface Expected {
  readonly completed: number;
  readonly skipped: number;
  readonly dead: number;
  /** Exact where trouble is planned by number; `any` where it depends on the moment. */
  readonly retries: number | 'any';
}

const REPEATS = 3;
const EXPECTED: Readonly<Record<string, Expected>> = {
  'provision-tenant': { completed: 3, skipped: 0, dead: 1, retries: 1 },
  'send-receipt': { completed: PAYMENTS.length, skipped: REPEATS, dead: 0, retries: 'any' },
  'update-ledger': { completed: PAYMENTS.length, skipped: REPEATS, dead: 0, retries: 2 },
  'schedule-dunning-check': { completed: PAYMENTS.length, skipped: REPEATS, dead: 0, retries: 0 },
  'embed-documents': { completed: 1, skipped: 0, dead: 2, retries: 2 },
  'cleanup-expired-embeddings': { completed: 2, skipped: 0, dead: 0, retries: 0 },
  'revoke-access': { completed: 1, skipped: 0, dead: 2, retries: 0 },
};

/** How many deliveries end, one way or another. */
export const EXPECTED_ENDS: number = Object.values(EXPECTED).reduce(
  (sum, { completed, skipped, dead }) => sum + completed + skipped + dead,
  0,
);

const DEAD_REASONS = [
  'attempts_exhausted',
  'payload_invalid',
  'tenant_unresolved',
  'undecodable',
  'unrecoverable',
];

const check = (claim: string, found: unknown, expected: unknown): Check => ({
  claim,
  holds: JSON.stringify(found) === JSON.stringify(expected),
  found: JSON.stringify(found),
});

const checkType = ({ tally }: Outcome, jobType: string, expected: Expected): Check => {
  const { completed, skipped, dead, retries } = tally.types.get(jobType) ?? {
    completed: 0,
    skipped: 0,
    dead: 0,
    retries: 0,
  };
  const found = {
    completed,
    skipped,
    dead,
    retries: expected.retries === 'any' ? 'any' : retries,
  };
  return check(`${jobType} ended as planned`, found, expected);
};

/** Payment ids of one tenant in the order of the books, and in the order in which they came in. */
const ledgerOrder = ({ dependencies, mark }: Outcome, tenant: string) => ({
  books: dependencies.ledger.entries
    .filter((entry) => entry.tenant === tenant)
    .map(({ paymentId }) => paymentId),
  came: PAYMENTS.filter((payment) => payment.tenant === tenant).map(({ payment }) => mark(payment)),
});

/** Everything that must be so at the end. */
export const checksOf = (outcome: Outcome): readonly Check[] => {
  const { told, tally, dependencies, mail } = outcome;
  const { ledger, reminders, workspaces, embeddings, access } = dependencies;
  const orders = TENANTS.map((tenant) => ledgerOrder(outcome, tenant));
  return [
    ...Object.entries(EXPECTED).map(([jobType, expected]) => checkType(outcome, jobType, expected)),
    check('17 events and 2 dispatches went in, 3 bad ones were refused', told, {
      published: 17,
      foreign: 2,
      dispatched: 2,
      refused: 3,
    }),
    check('each payment is in the books once, posted once', [ledger.entries.length, ledger.postings], [6, 6]),
    check(
      'the books of each tenant are in the order of its payments',
      orders.map(({ books }) => books),
      orders.map(({ came }) => came),
    ),
    check('each receipt was mailed once', [mail.delivered.size, ...new Set(mail.delivered.values())], [6, 1]),
    check('the mail service had been down', mail.turnedDown > 0, true),
    check(
      'reminders are closed, workspaces made, documents embedded',
      [reminders.closed.size, workspaces.all.size, embeddings.index.vectors.size],
      [6, 3, 2],
    ),
    check(
      'access was revoked where it may be',
      [access.revoked.has(TORRE), access.revoked.has(AURORA)],
      [true, false],
    ),
    check(
      'five dead letters, each for its own reason',
      tally.dead.map(({ reason }) => reason).sort(),
      DEAD_REASONS,
    ),
    check(
      'each dead letter is kept and told as JobFailed',
      [outcome.deadLetterRecords, outcome.failureEvents],
      [5, 5],
    ),
  ];
};

/** Records on the dead letter topics and on the topic of failures, as they stand now. */
export const countKept = async (
  esteira: Esteira,
  { name, jobs }: AppDefinition,
): Promise<readonly [dead: number, failures: number]> => {
  const { admin } = esteira.backend.broker;
  const size = async (topic: string): Promise<number> =>
    (await admin.offsetRanges(topic)).reduce((sum, { high }) => sum + Number(high), 0);
  const dead = await Promise.all(jobs.map(({ type }) => size(`${name}.dlq.${type}`)));
  return [dead.reduce((sum, one) => sum + one, 0), await size(`${name}.failures`)];
};
