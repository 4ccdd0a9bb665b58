import {
  EventsPublish,
  JobsDispatch,
  JobsShow,
  JobsWhy,
  KeyChanges,
  KeysList,
  QueuesList,
} from '../shapes/index.ts';
import type { ManualPages } from './page.ts';

const JOB = '5f0c3a52-7d11-5b0e-9a53-0c4b7d2f9e11';

/** Jobs, queues, ordering keys and events. */
export const looking: ManualPages = {
  'jobs dispatch': {
    about: ['Audited first: who, why, which type and tenant; never the payload.'],
    examples: [
      {
        run: `esteira jobs dispatch make-report --tenant acme --payload '{"month":"2026-10"}'`,
        says: 'now, with a payload of its own',
      },
      {
        run: 'esteira jobs dispatch make-report --tenant acme --payload @report.json --delay 10m --priority 1',
        says: 'from a file, in ten minutes, ahead of others',
      },
      {
        run: 'esteira jobs dispatch make-report --tenant acme --payload - --id report-2026-10 < report.json',
        says: 'safe to repeat: the same id is the same job',
      },
    ],
    json: JobsDispatch,
  },
  'jobs why': {
    about: [
      'One or two sentences. It reads what was told on the telemetry topic, newest first, until the beginning of the job is found, at most a million events; then the records that are on their way, which also finds a job that nothing was told of yet; its claim, its ordering key and the limits of its queue over all processes. Locks, start rates and caps of one process are not looked up: of a job that waits they are named where it has them. What could not be looked at is said. With `--tenant`, where the app keys telemetry by tenant, only that partition is read.',
      '`state` is one of `dispatched`, `waiting`, `running`, `retrying`, `parked`, `suspended`, `completed`, `skipped`, `cancelled`, `dead`, `unknown`; `waitsFor` one of `nothing`, `due-time`, `relay`, `worker`, `head`, `lease`, `limit`, `dependency`, `operator`, `unknown`. A suspension is what its process told last: one that has died meanwhile cannot say that it is over; `esteira queues list` has what the living say.',
    ],
    examples: [
      { run: `esteira jobs why ${JOB}`, says: 'where it is, what it waits for, what to do' },
      { run: `esteira jobs why ${JOB} --tenant acme --since 3d`, says: 'read less, look back further' },
      { run: `esteira jobs why ${JOB} --json | jq -r .state`, says: 'only its state' },
    ],
    exits: { 1: 'nothing is found of the job' },
    reads: true,
    json: JobsWhy,
  },
  'jobs show': {
    about: ['The facts of `jobs why`, and the history. Never its payload.'],
    examples: [
      { run: `esteira jobs show ${JOB}`, says: 'the facts, and what happened when' },
      { run: `esteira jobs show ${JOB} --json | jq '.history[].type'`, says: 'the steps alone' },
    ],
    exits: { 1: 'nothing is found of the job' },
    reads: true,
    json: JobsShow,
  },
  'queues list': {
    about: [
      'Records not settled on event topics (with those that are nothing to the job type), on the inboxes (lanes and those of tenants included; `--json` lists each) and on the waiting topic; ordering keys parked there, and those held after a dead letter; the age of the oldest record not settled; dead letters; live members of its group, that is, processes that run it (one that was killed counts until its session has timed out).',
      'Depth is INBOX and PARKED: jobs. Lag is EVENTS: records, whatever they are. RUNNING counts handlers, as processes say themselves: each at most once a second, and one that was killed is forgotten after 15 s. `-`: no process says anything, as while none runs or Redis is out of reach; `3+`: three run, and a process of the group says nothing, as one of an older version does, and each in its first second. LIMIT is the slots taken under the `limit` of the queue; slots that wait for the next job count.',
      'STARTS: `paused` by an operator; `suspended`, as what the type depends on is down, or by its dead-letter guard; `stopped` by a problem of its processes; `in part`, where one of the last two holds for some tenants or processes only; `-` where no process says anything. Below the table: why and since when, tiers that hold records, those overdue, job types with records and no worker, and topics that a group does not read. Tenants and ordering keys that operators have paused are in `esteira control list`, what holds up one job in `esteira jobs why`.',
    ],
    examples: [
      { run: 'esteira queues list', says: 'what waits, and who works' },
      {
        run: `esteira queues list --json | jq '[.queues[].jobTypes[].deadLetters] | add'`,
        says: 'all dead letters there are',
      },
      {
        run: `esteira queues list --json | jq '.queues[].jobTypes[] | select(.starts != "free") | {jobType, starts, stopped}'`,
        says: 'what does not start, and why',
      },
    ],
    reads: true,
    json: QueuesList,
  },
  'keys list': {
    about: [
      "Parked behind a head, or held after a dead letter (`afterDead: 'hold'`): tenant, key, parked records, head, its next attempt and last error, since when. One key on two partitions is two sequences. Held keys are found by their dead letters; one above 256 bytes is not.",
    ],
    examples: [
      { run: 'esteira keys list post-entry', says: 'what stands still, the longest first' },
      { run: `esteira keys list post-entry --json | jq '.keys | length'`, says: 'how many' },
    ],
    reads: true,
    json: KeysList,
  },
  'keys unblock': {
    about: [
      'What comes next runs; the dead letters of the key stay dead until they are replayed. Audited first. The next attempt of a waiting head cannot be brought forward.',
    ],
    examples: [
      {
        run: 'esteira keys unblock post-entry --tenant acme --key account-7 --reason "ticket 4711"',
        says: 'what it would do',
      },
      {
        run: 'esteira keys unblock post-entry --tenant acme --key account-7 --reason "ticket 4711" --run',
        says: 'do it',
      },
    ],
    exits: { 3: 'nothing is held' },
    json: KeyChanges,
  },
  'keys skip': {
    about: [
      'At its next claim the head becomes a dead letter, `unrecoverable`. A worker that sleeps until the head is due is not woken. Audited first.',
    ],
    examples: [
      {
        run: 'esteira keys skip post-entry --tenant acme --key account-7 --reason "entry was a mistake"',
        says: 'what it would do',
      },
      {
        run: 'esteira keys skip post-entry --tenant acme --key account-7 --reason "entry was a mistake" --run',
        says: 'do it',
      },
    ],
    exits: { 3: 'the head runs, or none has failed and waits' },
    json: KeyChanges,
  },
  'events publish': {
    about: ['Audited first: who, why, which event and tenant; never the payload.'],
    examples: [
      {
        run: `esteira events publish billing.events.InvoicePaid --tenant acme --payload '{"paymentId":"pay-7"}'`,
        says: 'one event',
      },
      {
        run: 'esteira events publish billing.events.InvoicePaid --tenant acme --payload @invoice.json --id pay-7 --reason "lost in the outage"',
        says: 'safe to repeat: the same id is the same event',
      },
    ],
    json: EventsPublish,
  },
};
