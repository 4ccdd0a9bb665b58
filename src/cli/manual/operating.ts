import { ControlChanges, ControlList, LimitsList } from '../shapes/index.ts';
import type { Example, ManualPage, ManualPages } from './page.ts';

const GUIDE =
  'What runs finishes; no attempt is spent. Workers obey within about a second. Audited first. See [operators](../guides/operators.md).';
const REFUSED = {
  3: 'the app has no such thing, your role does not let you, or the audit cannot be written',
} as const;

const change = (about: readonly string[], ...examples: readonly Example[]): ManualPage => ({
  ...{ about, examples, exits: REFUSED, json: ControlChanges },
});

/** The same command line as a dry run and in earnest. */
const dryAndWet = (run: string, says: string): readonly Example[] => [
  { run, says: `what it would do: ${says}` },
  { run: `${run} --run`, says: 'do it' },
];

/** What operators order and workers obey. */
export const operating: ManualPages = {
  'pause queue': change(
    [GUIDE],
    ...dryAndWet(
      'esteira pause queue notifications --reason "provider asked us to"',
      'nothing of the queue starts',
    ),
  ),
  'pause type': change(
    [GUIDE],
    ...dryAndWet('esteira pause type send-receipt --reason "wrong template"', 'no such job starts'),
  ),
  'pause tenant': change(
    [GUIDE, "Its records are moved out of the others' way, and are back within seconds of the resume."],
    ...dryAndWet('esteira pause tenant acme --reason "under investigation"', 'none of its jobs starts'),
    {
      run: 'esteira pause tenant acme --job-type send-receipt --reason "under investigation" --run',
      says: 'only in one job type',
    },
  ),
  'pause key': change(
    [GUIDE, 'The key is as `keys list` shows it. Its records wait in order.'],
    ...dryAndWet(
      'esteira pause key account-7 --job-type post-entry --tenant acme --reason "books are checked"',
      'nothing of the key starts',
    ),
  ),
  'resume queue': change(
    ['What was not paused is left alone.'],
    ...dryAndWet('esteira resume queue notifications --reason "provider is back"', 'the queue goes on'),
  ),
  'resume type': change(
    ['What was not paused is left alone.'],
    ...dryAndWet('esteira resume type send-receipt --reason "template mended"', 'its jobs go on'),
  ),
  'resume tenant': change(
    ['What was not paused is left alone. A pause in one job type is resumed with the same `--job-type`.'],
    ...dryAndWet('esteira resume tenant acme --reason "cleared"', 'its jobs go on'),
  ),
  'resume key': change(
    ['What was not paused is left alone.'],
    ...dryAndWet(
      'esteira resume key account-7 --job-type post-entry --tenant acme --reason "books are right"',
      'the key goes on, in order',
    ),
  ),
  'limits set': change(
    [
      "In place of the app's; what is not named is as the app says. `--limit` and `--start-rate` are refused where the app has no limit over all processes: workers would not count. Audited first.",
    ],
    {
      run: 'esteira limits set notifications --start-rate 100/1m --reason "provider throttles us"',
      says: 'what it would do: starts of all processes together',
    },
    {
      run: 'esteira limits set notifications --tenant acme --concurrency 2 --reason "noisy" --run',
      says: 'two at once in each process, for one tenant',
    },
  ),
  'limits clear': change(
    ['Audited first.'],
    ...dryAndWet('esteira limits clear notifications --reason "provider is back"', "the app's limits hold"),
  ),
  'limits list': {
    examples: [
      { run: 'esteira limits list', says: 'what is not as the app says' },
      { run: "esteira limits list --json | jq '.limits | length'", says: 'how many' },
    ],
    reads: true,
    json: LimitsList,
  },
  'control list': {
    about: ['Pauses, limits, cancels and purges.'],
    examples: [
      { run: 'esteira control list', says: 'everything in force' },
      { run: `esteira control list --json | jq '.rules[] | select(.kind == "pause")'`, says: 'only pauses' },
    ],
    reads: true,
    json: ControlList,
  },
  'jobs cancel': change(
    [
      'Says where it is: waiting (it ends as `job.cancelled` when its turn comes), running (its signal aborts; it is cancelled if its handler stops for that), or too late. Audited first.',
    ],
    ...dryAndWet(
      'esteira jobs cancel 5f0c3a52-7d11-5b0e-9a53-0c4b7d2f9e11 --reason "asked for twice"',
      'whether it is too late',
    ),
  ),
  'queues purge': change(
    [
      'Retries and delays included, each when its turn comes. What runs finishes, what comes later runs. Cannot be taken back. The dry run counts. Audited first.',
    ],
    ...dryAndWet('esteira queues purge notifications --reason "test data"', 'how many of each job type'),
  ),
};
