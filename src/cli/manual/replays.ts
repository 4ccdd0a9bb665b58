import {
  ReplayList,
  ReplayPlan,
  ReplayResult,
  ReplayReview,
  ReplayRun,
  ReplayStatus,
  ReplayStep,
} from '../shapes/index.ts';
import type { ManualPages } from './page.ts';

/** Replays of dead letters, and of windows of events. */
export const replays: ManualPages = {
  'window plan': {
    about: [
      'The window is said once: by time (`--last`, or `--from` and `--to`), or by offsets, for each partition. Its records are frozen as those of a replay are, and run again for one job type only; no offset of a running group is touched. What is done stays done, unless `--force` is given, which takes a second person. Audited first. It is then reviewed, approved, run and looked at with `esteira replay`. See [the guide](../guides/window.md).',
    ],
    examples: [
      {
        run: 'esteira window plan --job-type send-receipt --last 2h --reason "receipts of the outage"',
        says: 'what its event topic got within two hours',
      },
      {
        run: 'esteira window plan --job-type send-receipt --from 2026-11-20T08:00:00Z --to 2026-11-20T09:30:00Z --reason "INC-311"',
        says: 'between two times',
      },
      {
        run: 'esteira window plan --job-type send-receipt --from-offset 0:1500 --to-offset 0:1600 --force --reason "INC-311"',
        says: 'by offsets, also what is done',
      },
    ],
    json: ReplayPlan,
  },
  'replay plan': {
    about: [
      'Chosen as positions or by conditions, the choice is frozen: the exact records, and where each DLQ ended. What dies later is in no plan. Told: how many by job type, reason, fingerprint, tenant and schema id; what was left out, as for `dlq replay`. Audited first. See [the guide](../guides/replay.md).',
    ],
    examples: [
      {
        run: 'esteira replay plan --job-type send-receipt --since 2d --reason "provider outage of Monday"',
        says: 'all of a job type that died within two days',
      },
      {
        run: 'esteira replay plan --fingerprint 9c1f07e2 --reason "bug 4711 is mended"',
        says: 'all that died of one cause',
      },
    ],
    json: ReplayPlan,
  },
  'replay review': {
    about: [
      'What would be replayed, what is done already, what no longer decodes, what is over its cap, what is gone from its topic; each with examples. A plan is named by its id, or the beginning of it.',
    ],
    examples: [
      { run: 'esteira replay review 7b1e42c0', says: 'before it is run' },
      {
        run: "esteira replay review 7b1e42c0 --json | jq '.review[] | {verdict, count}'",
        says: 'counts alone',
      },
    ],
    reads: true,
    json: ReplayReview,
  },
  'replay approve': {
    about: [
      'A plan of more than 1,000 records takes a second person with the role `approver`: neither who made it nor who runs it. Audited first.',
    ],
    examples: [
      {
        run: 'esteira replay approve 7b1e42c0 --reason "reviewed with the mail team"',
        says: 'as somebody else than its maker',
      },
    ],
    exits: { 3: 'you are not an approver, or you made the plan' },
    json: ReplayStep,
  },
  'replay run': {
    about: [
      'The first records are a canary, in plans of more than 40: their outcomes are waited for, one that is not heard of stops the run, and so does a share of failed attempts, also of jobs that are tried again. What an operator ends with Ctrl-C is paused. Where standard error is a terminal it shows progress.',
    ],
    examples: [
      { run: 'esteira replay run 7b1e42c0 --reason "provider is back"', says: '100 a second, 20 first' },
      {
        run: 'esteira replay run 7b1e42c0 --rate 500 --canary 50 --failure-ratio 0.05 --reason "provider is back"',
        says: 'faster, with a larger and stricter canary',
      },
      {
        run: 'esteira replay run 7b1e42c0 --rate 0 --canary 0 --reason "test system"',
        says: 'as fast as it goes',
      },
    ],
    exits: {
      1: 'it was paused, cancelled, or stopped by its canary',
      3: 'a guard refuses it: no approval, another run on one of its DLQs, an audit that cannot be written',
    },
    json: ReplayRun,
  },
  'replay resume': {
    about: [
      'Also after its process died. One that its canary stopped is overruled by this. Its options stay. What an earlier process had written is found, and not written again. The claim of a process that died ends 15 s after it was heard of last; until then this is refused.',
    ],
    examples: [
      { run: 'esteira replay resume 7b1e42c0 --reason "host was rebooted"', says: 'where it ended' },
    ],
    exits: {
      1: 'it was paused, cancelled, or stopped by its canary',
      3: 'a guard refuses it, such as a run that is still up',
    },
    json: ReplayRun,
  },
  'replay pause': {
    about: ["A batch is about a second's worth. Audited first."],
    examples: [
      { run: 'esteira replay pause 7b1e42c0 --reason "mail queue grows"', says: 'from any machine' },
    ],
    json: ReplayStep,
  },
  'replay cancel': {
    about: ['Audited first.'],
    examples: [
      { run: 'esteira replay cancel 7b1e42c0 --reason "wrong day chosen"', says: 'a plan, or its run' },
    ],
    json: ReplayStep,
  },
  'replay status': {
    about: [
      'Who runs it, what the ledger says, and what was told of its jobs since. `state` is one of `waits_for_approval`, `planned`, `running`, `interrupted`, `paused`, `stopped`, `cancelled`, `finished`.',
    ],
    examples: [
      { run: 'esteira replay status 7b1e42c0', says: 'how far it is' },
      { run: 'esteira replay status 7b1e42c0 --json | jq -r .state', says: 'for a script that waits' },
    ],
    reads: true,
    json: ReplayStatus,
  },
  'replay result': {
    about: [
      'The job it became, where its copy stands, and what was told of the job since (`completed`, `skipped`, `cancelled`, `dead`, `failing`). Outcomes of the ledger are `replayed`, `done`, `undecodable`, `shelved`, `refused`, `gone`, `failed`, `unknown`.',
    ],
    examples: [
      { run: 'esteira replay result 7b1e42c0', says: 'every one of them' },
      { run: 'esteira replay result 7b1e42c0 --only dead', says: 'those that died again' },
    ],
    reads: true,
    json: ReplayResult,
  },
  'replay list': {
    examples: [
      { run: 'esteira replay list', says: 'who replayed what, and what became of it' },
      { run: "esteira replay list --json | jq -r '.plans[0].planId'", says: 'the newest' },
    ],
    reads: true,
    json: ReplayList,
  },
};
