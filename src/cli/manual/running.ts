import {
  Compliance,
  Doctor,
  SchemasCheck,
  SchemasGenerate,
  SchemasRegister,
  TopicsPlan,
} from '../shapes/index.ts';
import type { ManualPages } from './page.ts';

/** `esteira` itself, and what a deployment does. */
export const running: ManualPages = {
  '': {
    about: [
      'The app is the default export, made by `defineApp`, of the file that `--app` names, else `ESTEIRA_APP`, else `esteira.config.{ts,js,mjs}` in the working folder. Services come from the environment. `--app` and `--debug` stand before or after the command.',
    ],
    examples: [
      { run: 'esteira topics plan', says: 'what a deployment would change on the broker' },
      { run: 'esteira start', says: 'run the jobs of the app in this folder' },
      {
        run: 'esteira jobs why 5f0c3a52-7d11-5b0e-9a53-0c4b7d2f9e11',
        says: 'where a job is, and what to do',
      },
      { run: 'esteira help topics plan', says: 'all about one command' },
    ],
    reads: true,
  },
  start: {
    about: [
      'Stops in order at SIGTERM or SIGINT: it takes nothing more, lets what runs finish within the grace, gives the rest back. With `--queues`, another process must run the others; with `--roles relay` it only forwards what is due.',
      'The role `projection` is not played unless it is named: it reads the telemetry topic into a DuckDB file (`PROJECTION_PATH`) for analysts, needs the package `@duckdb/node-api`, and one process of an app plays it.',
    ],
    examples: [
      { run: 'esteira start', says: 'everything in one process' },
      {
        run: 'esteira start --roles worker --queues payments,default',
        says: 'jobs of two queues, and no relay',
      },
      { run: 'esteira start --roles projection', says: 'no jobs, only the projection for analysts' },
      {
        run: 'esteira start --no-health --app dist/app.js',
        says: 'another app, without /health and /metrics',
      },
    ],
    exits: {
      0: 'it was asked to stop, and stopped within the grace',
      3: 'the topics are not as the app says, or the backend is memory in production',
    },
  },
  'topics plan': {
    about: [
      'A line each: `+` is made, `~` is changed, `-` is left behind by what the app had once, `!` is refused, with why and what to do. Own topics may keep records longer, or take larger ones, than the app asks for; event topics that exist are taken as they are, since they may belong to others. While anything is refused, `apply` changes nothing at all.',
      'Refused: fewer partitions; more partitions for a topic with records whose keys stay together, unless `--allow-rekey` (never while ordering keys of an ordered job type wait); to leave a retry tier that still holds records, since no relay would forward them; first offsets of a group that has members; more replicas than there are brokers, or more copies in sync than brokers that are up; an ordered job type whose waits outlast what its waiting topic can keep.',
    ],
    examples: [
      { run: 'esteira topics plan', says: 'what apply would do' },
      {
        run: 'esteira topics plan --check',
        says: 'as a gate: fail the build when the broker is not as the app says',
      },
      { run: "esteira topics plan --json | jq '.refused'", says: 'what stands in the way, for a program' },
    ],
    exits: {
      1: 'with `--check`: there is something to do, or offsets lie outside the log',
      3: 'with `--check`: apply would be refused',
    },
    reads: true,
    json: TopicsPlan,
  },
  'topics apply': {
    about: [
      'Topics that differ are altered, never made anew. A group starts at the beginning of topics and partitions that are created, of inboxes and of tiers; on event topics that exist, where its job type says (`startFrom`, default now). Groups with running members take no offsets: stop their workers first.',
      'An orphaned topic is a tier, inbox, waiting topic or DLQ that is named as this app names its own, and that the app does not have. It is left alone, unless `--drop-orphans` is given and nothing of it is waited for: its group has settled all and has no members, or, for a DLQ, it is empty.',
      'What cannot be taken back (topics deleted, offsets repaired, topics with records grown under `--allow-rekey`) takes the role approver and a reason, and is audited first. See [operators](../guides/operators.md).',
    ],
    examples: [
      {
        run: 'esteira topics apply',
        says: 'before the first start, and after each change of the app; safe to repeat',
      },
      {
        run: 'esteira topics apply --drop-orphans --reason "retries of 30 s are gone"',
        says: 'also delete drained tiers that no retry policy uses any more',
      },
      {
        run: 'esteira topics apply --repair-offsets --reason "restored from the backup"',
        says: 'after a topic was made anew: start groups at its beginning',
      },
    ],
    exits: { 3: 'something of the plan, or who asks, is refused: nothing was changed' },
    json: TopicsPlan,
  },
  'schemas generate': {
    examples: [
      { run: 'esteira schemas generate', says: 'after a change of an .avsc file' },
      { run: 'esteira schemas generate --check', says: 'in CI: fail when somebody forgot' },
    ],
    exits: { 1: 'with `--check`: files are stale' },
    json: SchemasGenerate,
  },
  'schemas check': {
    about: ["The app's schemas and Esteira's own. Changes nothing."],
    examples: [
      {
        run: 'esteira schemas check',
        says: 'would the registry take them, and can old and new read each other',
      },
      { run: 'esteira schemas check --offline', says: 'only whether they keep to the subset' },
    ],
    exits: { 1: 'a schema breaks the subset', 3: 'a schema is incompatible with a registered one' },
    reads: true,
    json: SchemasCheck,
  },
  'schemas register': {
    about: ['When one is incompatible, none is registered.'],
    examples: [
      { run: 'esteira schemas register', says: 'before the deploy of a producer' },
      {
        run: 'esteira schemas register --project schemas/esteira.schemas.json --json',
        says: 'with the ids they got',
      },
    ],
    exits: { 3: 'a schema is incompatible: nothing was registered' },
    json: SchemasRegister,
  },
  doctor: {
    about: [
      'A line each: `ok`, `warn`, `FAIL`, or `?` for what nobody could say. A service that is down does not end it: what lies behind it is `?`. [What it looks at](../guides/doctor.md).',
    ],
    examples: [
      { run: 'esteira doctor', says: 'look at everything' },
      { run: 'esteira doctor --strict', says: 'as a deploy gate that takes no warning' },
      {
        run: `esteira doctor --json | jq -r '.checks[] | select(.verdict == "problem") | .name'`,
        says: 'only the names of problems',
      },
    ],
    exits: { 0: 'no problem', 1: 'a problem; with `--strict` also a warning, or what nobody could say' },
    reads: true,
    json: Doctor,
  },
  compliance: {
    about: [
      'Proved by running it: on the real engine, in memory, on a clock of its own. Touches no service and no topic. `ok` for proved, `BREACH`, or `?` for what nothing was seen of. With `--run-handlers`, providers answer without their services; connections, child processes and written files are refused. [What is checked, and how](../guides/compliance.md).',
      'The file of `--samples` holds JSON with `jobs` (payloads by job type), `events` (payloads by event type) and `providers` (answers by name); what is not given is made of schema and check.',
    ],
    examples: [
      { run: 'esteira compliance', says: 'every line of every job type' },
      {
        run: 'esteira compliance --job-type send-receipt --run-handlers',
        says: 'one job type, its own handler too',
      },
      { run: 'esteira compliance --strict --json', says: 'as a gate of the pipeline' },
    ],
    exits: {
      0: 'no breach',
      1: 'a breach; with `--strict` also what is not proved',
      3: 'handlers must not be run here',
    },
    reads: true,
    json: Compliance,
  },
  completion: {
    about: [
      'It completes commands, options, and values that are known without an app: roles, dead reasons, outcomes, files. It asks no service and loads no app, so that a key press waits for neither; job types, queues and tenants are not completed.',
    ],
    examples: [
      {
        run: 'esteira completion bash > ~/.local/share/bash-completion/completions/esteira',
        says: 'bash, for good',
      },
      {
        run: 'esteira completion zsh > ~/.zsh/completions/_esteira',
        says: 'zsh, where that folder is on the fpath',
      },
      { run: 'esteira completion fish > ~/.config/fish/completions/esteira.fish', says: 'fish' },
    ],
    reads: true,
  },
  help: {
    about: [
      'What [the reference](cli.md) says of it, on the terminal. `--help` behind a command is shorter.',
    ],
    examples: [
      { run: 'esteira help topics plan', says: 'all about one command' },
      { run: 'esteira help dlq', says: 'the commands of a group' },
    ],
    reads: true,
  },
};
