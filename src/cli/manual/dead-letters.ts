import { DlqDeed, DlqEdit, DlqList, DlqReplay, DlqShow, DlqStats } from '../shapes/index.ts';
import type { ManualPages } from './page.ts';

const POSITION = 'shop.dlq.send-receipt/0/17';

/** Dead letters. */
export const deadLetters: ManualPages = {
  'dlq list': {
    about: [
      'Reads whole topics unless `--since` is given. The tenant is as the record says. `STATE` is what became of each: `open`, `replayed`, `done` (its job was done when a replay came upon it), `edited` (another letter took its place), `discarded`, `shelved` (replayed as often as it may be). Discarded ones are left out unless `--all` or `--state` is given.',
    ],
    examples: [
      { run: 'esteira dlq list --since 24h', says: 'what died today' },
      {
        run: 'esteira dlq list --job-type send-receipt --dead-reason attempts_exhausted --limit 200',
        says: 'of one job type, for one reason',
      },
      {
        run: "esteira dlq list --json | jq -r '.letters[].errorFingerprint' | sort | uniq -c",
        says: 'counted by cause',
      },
    ],
    reads: true,
    json: DlqList,
  },
  'dlq show': {
    about: [
      'Headers, error, what operators did about it, when and why, and the payload where it can be read; what its schema marks as personal is hidden.',
    ],
    examples: [
      { run: `esteira dlq show ${POSITION}`, says: 'one dead letter, redacted' },
      {
        run: `esteira dlq show ${POSITION} --raw --reason "INC-311" --json`,
        says: 'with the bytes as they are; it takes the role approver, and is in the audit',
      },
    ],
    reads: true,
    json: DlqShow,
  },
  'dlq stats': {
    about: [
      'Letters that went back, are done, edited or discarded are counted by their state only, unless `--state` or `--all` is given. Reads whole topics unless `--since` is given.',
    ],
    examples: [
      { run: 'esteira dlq stats', says: 'what there is to do, and where it comes from' },
      { run: 'esteira dlq stats --job-type send-receipt --since 24h', says: 'of one job type, of today' },
      { run: "esteira dlq stats --json | jq '.byState.open'", says: 'for a check that runs by itself' },
    ],
    reads: true,
    json: DlqStats,
  },
  'dlq edit': {
    about: [
      'The payload is checked against the schema this app has, against the check of its event or dispatch, and as its workers would; a new secret in it is refused. What changes is shown, and kept in the audit; what is a secret or marked as personal is only told to differ. The letter stays: an edited one is written beside it, with the same job, event id and place (`job-edit-of` names the original), and that one is replayed. Its count of replays starts anew. The idempotency key may change with the payload; that is said.',
      '`--set` takes JSON; a text where a text stood; `null` is null. Lists are reached by `[n]`. Cut off at any step and asked for again with the same change, it goes on, and writes nothing twice.',
    ],
    examples: [
      {
        run: `esteira dlq edit ${POSITION} --set currency=BRL --reason "INC-311"`,
        says: 'what would change',
      },
      {
        run: `esteira dlq edit ${POSITION} --set currency=BRL --set lines[0].amountCents=1200 --reason "INC-311" --run`,
        says: 'do it',
      },
      {
        run: `esteira dlq edit ${POSITION} --payload @mended.json --reason "INC-311" --run`,
        says: 'a whole new payload',
      },
    ],
    exits: {
      1: 'it was edited, and not replayed, such as for a held key',
      2: 'the payload is refused by its schema or its check, or a path leads nowhere',
      3: 'it is not open (any more), holds a new secret, or would change nothing',
    },
    json: DlqEdit,
  },
  'dlq discard': {
    about: [
      'Nothing is deleted: the ledger on the control topic says who gave them up, when and why. `dlq list` leaves them out, and so does every replay. All become so at once, or none. Audited first, letter by letter. More than 1,000 are only asked for: a second person carries it out with `dlq approve`.',
      "Where a dead letter holds its ordering key (`afterDead: 'hold'`), what died behind it stays dead, and the key held, until that is replayed, in order, or discarded too. When nothing else of the key is dead, its hold is lifted, and what comes next runs.",
    ],
    examples: [
      { run: `esteira dlq discard ${POSITION} --reason "customer is gone"`, says: 'what would become of it' },
      { run: `esteira dlq discard ${POSITION} --reason "customer is gone" --run`, says: 'do it' },
      {
        run: 'esteira dlq discard --job-type send-receipt --tenant acme --until 30d --reason "too late" --run',
        says: 'all that a condition means',
      },
    ],
    exits: {
      1: 'no letter is such that it could be discarded',
      3: 'so many take a second person: it is asked for',
    },
    json: DlqDeed,
  },
  'dlq restore': {
    about: [
      'What was discarded is open again. A hold that was lifted is not put back. Audited first, letter by letter.',
    ],
    examples: [
      { run: `esteira dlq restore ${POSITION} --reason "wrong one" --run`, says: 'one of them' },
      { run: 'esteira dlq restore --tenant acme --reason "they came back" --run', says: 'all of a tenant' },
    ],
    exits: { 1: 'no letter that is meant was discarded' },
    json: DlqDeed,
  },
  'dlq approve': {
    about: [
      'As somebody else than who asked. What went back since it was asked for is left out. `dlq stats` lists what waits.',
    ],
    examples: [
      { run: 'esteira dlq approve 7b1e42c0 --reason "agreed with billing"', says: 'what would be discarded' },
      { run: 'esteira dlq approve 7b1e42c0 --reason "agreed with billing" --run', says: 'do it' },
    ],
    exits: { 3: 'you are not an approver, or you asked for it' },
    json: DlqDeed,
  },
  'dlq export': {
    about: [
      'A line is one letter, as JSON: position, headers, error, decoded payload, and the raw bytes in base64; [its fields](../guides/dead-letters.md). Secrets, e-mail addresses and what its schema marks as personal are hidden; then the raw bytes are left out, since they hold them. What cannot be decoded says why, and has its raw bytes. Discarded letters are left out unless `--all` or `--state` is given.',
      'With `--unredacted` nothing is hidden; that is audited before the first line. A file is for its owner only, and appears when it is whole.',
    ],
    examples: [
      { run: 'esteira dlq export --job-type send-receipt --to receipts.ndjson', says: 'into a file' },
      {
        run: "esteira dlq export --since 1h | jq -r '[.tenant, .error.code] | @tsv'",
        says: 'for another program',
      },
      {
        run: 'esteira dlq export --tenant acme --unredacted --reason "subject access request 17" --to acme.ndjson',
        says: 'with personal data, as an approver',
      },
    ],
    exits: {
      1: 'it was asked to stop: nothing was left behind',
      3: 'unredacted, and you are not an approver, or it could not be audited',
    },
    reads: true,
  },
  'dlq replay': {
    about: [
      'Positions given as arguments, or all that conditions mean, at most 100, in one go. It is a plan and its run, as of `esteira replay`, without a canary: audited first, one run a DLQ at a time, and told by `replay status`. Refused, and listed: records of another job type, records without job headers, all but the last dead letter of a job. Not written, and listed: jobs that are done, and jobs replayed three times. The dry run says which letters are of an ordering key that is held, and what that means for them.',
    ],
    examples: [
      { run: `esteira dlq replay ${POSITION} --reason "template mended"`, says: 'what would become of one' },
      { run: `esteira dlq replay ${POSITION} --reason "template mended" --run`, says: 'do it' },
      {
        run: 'esteira dlq replay --job-type send-receipt --since 2h --reason "mail is back" --run',
        says: 'all of a job type that died within two hours, if they are few',
      },
    ],
    exits: { 1: 'some could not be written, or nobody knows', 3: 'some were refused, or are over their cap' },
    json: DlqReplay,
  },
};
