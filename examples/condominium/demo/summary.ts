import { inReais } from '../use-cases/send-receipt.ts';
import type { Check, Outcome } from './outcome.ts';
import type { DeadJob, TypeTally } from './tally.ts';

const COLUMNS = [
  'job type',
  'kind',
  'completed',
  'of them after retries',
  'repeats skipped',
  'dead',
] as const;

const rowOf = (tally: TypeTally): readonly string[] => [
  tally.jobType,
  tally.kind,
  ...[tally.completed, tally.completedAfterRetry, tally.skipped, tally.dead].map(String),
];

const table = (rows: readonly (readonly string[])[]): readonly string[] => {
  const widths = COLUMNS.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const cell = (text: string, column: number): string =>
    column < 2 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0);
  return [COLUMNS, ...rows].map((row) => `  ${row.map(cell).join('  ')}`);
};

const NEXT_STEPS: Readonly<Record<string, string>> = {
  attempts_exhausted: 'mend the cause (here: give the document to another model), then replay it',
  payload_invalid: 'tell the program that wrote it what the event must hold; replaying changes nothing',
  undecodable: 'find out who wrote these bytes; they are kept as they came, to be looked at',
  tenant_unresolved: 'create the tenant and replay it, or leave it dead',
  unrecoverable: 'a person decides: when the legal hold ends, replay it',
};

const deadLines = ({ jobType, tenant, chain, reason, code, message }: DeadJob): readonly string[] => [
  `  ${jobType}, ${tenant}, ${chain}`,
  `      why   ${reason} (${code}): ${message}`,
  `      next  ${NEXT_STEPS[reason] ?? 'look at it'}`,
];

const effectLines = ({ told, dependencies, mail }: Outcome): readonly string[] => {
  const { ledger, reminders, workspaces, embeddings, access } = dependencies;
  const total = ledger.entries.reduce((sum, { amountCents }) => sum + amountCents, 0);
  return [
    `  books        ${ledger.entries.length} entries from ${ledger.postings} postings, ${inReais(total)} (9 InvoicePaid events: 6 payments, 3 repeats)`,
    `  mail         ${mail.delivered.size} receipts, each mailed once; the service turned ${mail.turnedDown} requests down while it was out`,
    `  reminders    ${reminders.closed.size} closed`,
    `  workspaces   ${workspaces.all.size} made`,
    `  embeddings   ${embeddings.index.vectors.size} documents`,
    `  access       ${access.revoked.size} tenant locked out`,
    `  refused      ${told.refused} bad events at the door, never written`,
  ];
};

const checkLine = ({ claim, holds, found }: Check): string =>
  holds ? `  ok     ${claim}` : `  WRONG  ${claim}: found ${found}`;

/** The closing summary, for a person. */
export const summaryOf = (outcome: Outcome, checks: readonly Check[], tookMs: number): readonly string[] => {
  const { told, tally } = outcome;
  const wrong = checks.filter(({ holds }) => !holds).length;
  return [
    '',
    `${told.published + told.foreign} events (${told.foreign} of them by another program) and ${told.dispatched} dispatches became ${tally.ended()} jobs and repeats; each ended in one way:`,
    '',
    ...table([...tally.types.values()].map(rowOf)),
    '',
    'Effects, counted where they land:',
    ...effectLines(outcome),
    '',
    `${tally.dead.length} dead letters, kept with everything needed to run them again:`,
    ...tally.dead.flatMap(deadLines),
    '',
    'On Kafka an operator would go on with:',
    '  npm run esteira -- --app examples/condominium/app.ts dlq list',
    '  npm run esteira -- --app examples/condominium/app.ts dlq replay --dead-reason attempts_exhausted --actor ana --reason "model mended"',
    '',
    'What must be so:',
    ...checks.map(checkLine),
    '',
    wrong === 0
      ? `All as it must be, in ${(tookMs / 1_000).toFixed(1)} s.`
      : `${wrong} of ${checks.length} are WRONG.`,
  ];
};
