import { type Check, checksOf } from './check.ts';
import type { DoctorParts, Probe } from './parts.ts';

const { ok, warning, problem, unknown } = checksOf('redis');

type Facts = ReadonlyMap<string, string>;
type Judge = (facts: Facts, parts: DoctorParts) => readonly Check[];

const OLDEST_MAJOR = 5;
/** The share of the memory above which it is time to act. */
const ALARM = 0.7;
const FULL = 0.9;
const MIB = 1_048_576;
/** What Redis uses for a job that is done, while its mark lives (`doneTtl`): measured over 1.4 million of them. */
const DONE_JOB_BYTES = 270;

const version: Judge = (facts) => {
  const told = facts.get('redis_version');
  if (told === undefined || Number.parseInt(told, 10) >= OLDEST_MAJOR) return [];
  return [problem('version', `${told} is too old for the scripts`, `use Redis ${OLDEST_MAJOR} or later`)];
};

const role: Judge = (facts) =>
  facts.get('role') === 'slave'
    ? [problem('role', 'it is a replica, which takes no writes', 'point REDIS_URL at the primary')]
    : [];

const eviction: Judge = (facts) => {
  const policy = facts.get('maxmemory_policy');
  if (policy === 'noeviction') return [ok('eviction', 'noeviction: no claim or done mark is dropped')];
  if (policy === undefined)
    return [
      unknown(
        'eviction',
        'the server does not tell its policy',
        'see to it that maxmemory-policy is noeviction',
      ),
    ];
  return [
    problem(
      'eviction',
      `${policy}: a dropped done mark lets a job run twice`,
      'CONFIG SET maxmemory-policy noeviction, and in its configuration; or a Redis of its own for Esteira',
    ),
  ];
};

const persistence: Judge = (facts, { production }) => {
  const aof = facts.get('aof_enabled');
  if (aof === undefined)
    return [
      unknown(
        'persistence',
        'the server does not tell whether it keeps an append-only file',
        'see to it that appendonly is yes',
      ),
    ];
  if (aof === '1') {
    if (facts.get('aof_last_write_status') !== 'err') return [ok('persistence', 'append-only file')];
    return [problem('persistence', 'the append-only file cannot be written', 'look at the disk of Redis')];
  }
  const says = 'no append-only file: a restart forgets claims and done marks, so jobs may run twice';
  const todo = 'CONFIG SET appendonly yes, and in its configuration';
  return [production ? problem('persistence', says, todo) : warning('persistence', says, todo)];
};

const megabytes = (bytes: number): string => `${Math.round(bytes / MIB)} MiB`;

/** How many more jobs' done marks fit before it is time to act. */
const roomFor = (bytes: number): string =>
  Math.max(0, bytes / DONE_JOB_BYTES).toLocaleString('en', { notation: 'compact', maximumFractionDigits: 0 });

const memory: Judge = (facts) => {
  const used = Number(facts.get('used_memory'));
  if (!Number.isFinite(used)) return [];
  // 0 is no limit of its own: then the machine's is what counts.
  const most = Number(facts.get('maxmemory') ?? 0) || Number(facts.get('total_system_memory') ?? 0);
  if (most === 0) return [ok('memory', `${megabytes(used)} used, no limit known`)];
  const says = `${megabytes(used)} of ${megabytes(most)} used`;
  const todo = 'give it more, or shorten doneTtl; a full Redis takes no claims, and all work waits';
  if (used > most * FULL) return [problem('memory', says, todo)];
  if (used > most * ALARM) return [warning('memory', says, todo)];
  return [
    ok('memory', `${says}; room for some ${roomFor(most * ALARM - used)} jobs more within their doneTtl`),
  ];
};

/** Whether the server keeps what it is given. */
export const redisServer: Probe = async (parts) => {
  const facts: Facts = (await parts.state.facts()) ?? new Map();
  return [version, role, eviction, persistence, memory].flatMap((judge) => judge(facts, parts));
};
