import { AsyncLocalStorage } from 'node:async_hooks';
import childProcess from 'node:child_process';
import dgram from 'node:dgram';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import process from 'node:process';
import { promisify } from 'node:util';
import workerThreads from 'node:worker_threads';
import { errorFacts, readProperty } from '../../../core/error-facts.ts';
import { EsteiraError } from '../../../core/errors.ts';

/** What a handler did past every provider. */
export interface Reach {
  readonly kind: 'network' | 'process' | 'file' | 'output' | 'thrown';
  /** Such as `127.0.0.1:5432`, or the name of what was called; for output, the text; for what was thrown, its code or class. */
  readonly what: string;
}

/** Keeps handlers that are tried out from reaching anything outside of the process. */
export interface OutsideGuard {
  /** Runs work: what it and all it starts reaches for is told, and refused (output is only told). */
  run<T>(onReach: (reach: Reach) => void, work: () => T): T;
  /**
   * From now on refuses connections, and writes on them, to everybody in the process: a client may send later, in nobody's
   * name, what a handler has put into its queue. Not for a process in which others work.
   */
  refuseEverybody(): void;
  /**
   * From now on tells what is thrown where nobody can catch it; it does not end the process. The same holds. Returns what
   * ends that.
   */
  catchEverybody(): () => void;
  /** What was reached for in nobody's name since then. */
  readonly strays: readonly Reach[];
}

type Call = (this: unknown, ...given: unknown[]) => unknown;
type Namer = (given: readonly unknown[]) => string;

const watched = new AsyncLocalStorage<(reach: Reach) => void>();
const strays: Reach[] = [];
let isEverybodyRefused = false;

const refusal = ({ kind, what }: Reach): EsteiraError =>
  new EsteiraError(
    'ESTEIRA_HANDLER_INVALID',
    `a handler that is tried out reached for the outside (${kind}: ${what}) past every provider, and was refused`,
    { facts: { kind } },
  );

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Where a connection was to go: `connect(options)`, `connect(port, host)` or `connect([options])` as Node does inside. */
const addressOf: Namer = ([first, second]) => {
  const options: unknown = Array.isArray(first) ? first[0] : first;
  if (typeof options !== 'object' || options === null)
    return `${textOf(second) || 'localhost'}:${String(first)}`;
  const path: unknown = Reflect.get(options, 'path');
  if (typeof path === 'string') return path;
  const host: unknown = Reflect.get(options, 'host') ?? Reflect.get(options, 'hostname') ?? 'localhost';
  return `${String(host)}:${String(Reflect.get(options, 'port'))}`;
};

const PROCESS_CALLS = ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync', 'fork'];
/** Without those of descriptors: loggers write to standard output by them. */
const FILE_CALLS = [
  ...['writeFile', 'appendFile', 'rm', 'rmdir', 'unlink', 'rename', 'mkdir', 'copyFile', 'truncate'],
  ...['symlink', 'link', 'cp', 'mkdtemp', 'chmod', 'chown', 'utimes'],
];
/** What ends this process, and with it the check: its exit code would be the handler's. */
const ENDINGS = ['exit', 'reallyExit', 'abort', 'kill'];

/** Puts another function in the place of one of Node's own. */
const replace = (target: object, name: string, make: (own: Call) => Call): void => {
  const own: unknown = Reflect.get(target, name);
  if (typeof own !== 'function') return;
  const call: Call = function (...given) {
    return Reflect.apply(own, this, given);
  };
  const instead = make(call);
  // What `promisify` makes of exec and execFile has an object as its answer, and stays so.
  const promised: unknown = Reflect.get(own, promisify.custom);
  if (promised !== undefined) Reflect.set(instead, promisify.custom, promised);
  Reflect.set(target, name, instead);
};

const always = (_given: readonly unknown[]): boolean => true;

/** Refuses the call where a handler makes it; `fails` is how its kind of function fails. */
const refusing =
  (kind: Reach['kind'], name: Namer, fails: (error: EsteiraError) => unknown, isMeant = always) =>
  (own: Call): Call =>
    function (...given) {
      const onReach = watched.getStore();
      if (onReach === undefined || !isMeant(given)) return Reflect.apply(own, this, given);
      const reach = { kind, what: name(given) };
      onReach(reach);
      return fails(refusal(reach));
    };

const throwing = (error: EsteiraError): never => {
  throw error;
};

const rejecting = (error: EsteiraError): Promise<never> => Promise.reject(error);

const isStandardStream = (stream: unknown): boolean => stream === process.stdout || stream === process.stderr;

/** How a connection fails that nobody can be told of: as if the other side had gone. */
const failLater = (socket: unknown, error: EsteiraError): unknown => {
  if (!(socket instanceof net.Socket)) return socket;
  socket.once('error', () => undefined);
  setImmediate(() => socket.destroy(error));
  return socket;
};

/** Refuses a call on a connection; `name` says where it leads. */
const refusingOn =
  (name: (socket: unknown, given: readonly unknown[]) => string, answer: (socket: unknown) => unknown) =>
  (own: Call): Call =>
    function (...given) {
      const onReach = watched.getStore();
      const isFree = onReach === undefined && !isEverybodyRefused;
      if (isFree || isStandardStream(this)) return Reflect.apply(own, this, given);
      const reach: Reach = { kind: 'network', what: name(this, given) };
      if (onReach === undefined) {
        strays.push(reach);
        failLater(this, refusal(reach));
        return answer(this);
      }
      onReach(reach);
      throw refusal(reach);
    };

const peerOf = (socket: unknown): string =>
  socket instanceof net.Socket && socket.remoteAddress !== undefined
    ? `${socket.remoteAddress}:${socket.remotePort}`
    : 'a connection that was open before';

/** Output is told and goes nowhere: standard output belongs to the report. */
const tellingOutput = (own: Call): Call =>
  function (...given) {
    const onReach = watched.getStore();
    if (onReach === undefined) return Reflect.apply(own, this, given);
    const [chunk] = given;
    onReach({ kind: 'output', what: Buffer.isBuffer(chunk) ? chunk.toString() : textOf(chunk) });
    return true;
  };

const guardNetwork = (): void => {
  const connecting = refusingOn(
    (_socket, given) => addressOf(given),
    (socket) => socket,
  );
  replace(net.Socket.prototype, 'connect', connecting);
  replace(
    net.Socket.prototype,
    'write',
    refusingOn(peerOf, () => false),
  );
  const sending = refusing('network', () => 'a datagram', throwing);
  replace(dgram.Socket.prototype, 'send', sending);
};

const guardProcesses = (): void => {
  for (const name of PROCESS_CALLS) {
    const starting = refusing('process', ([command]) => textOf(command) || name, throwing);
    replace(childProcess, name, starting);
  }
  // Also by a function that a module took before the guard was up.
  const spawning = refusing(
    'process',
    ([options]) => textOf(readProperty(options, 'file')) || 'spawn',
    throwing,
  );
  replace(childProcess.ChildProcess.prototype, 'spawn', spawning);
  for (const name of ENDINGS)
    replace(
      process,
      name,
      refusing('process', () => `process.${name}`, throwing),
    );
};

/** A thread is out of the guard's sight. */
const guardThreads = (): void => {
  const construct: NonNullable<ProxyHandler<typeof workerThreads.Worker>['construct']> = (
    own,
    given,
    asked,
  ) => {
    const onReach = watched.getStore();
    if (onReach === undefined) return Reflect.construct(own, given, asked);
    const reach: Reach = { kind: 'process', what: 'a thread (Worker)' };
    onReach(reach);
    throw refusal(reach);
  };
  Reflect.set(workerThreads, 'Worker', new Proxy(workerThreads.Worker, { construct }));
};

const { O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND } = fs.constants;
const WRITING = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND;

/** Whether a file is opened for more than reading: `open(path, flags)`. */
const opensForWriting = ([, flags]: readonly unknown[]): boolean =>
  typeof flags === 'number'
    ? (flags & WRITING) !== 0
    : typeof flags === 'string' && !/^r?s?$|^sr$/.test(flags);

const guardFiles = (): void => {
  for (const name of [...FILE_CALLS, 'createWriteStream']) {
    const writing = refusing('file', () => name, throwing);
    const promising = refusing('file', () => name, rejecting);
    replace(fs, name, writing);
    replace(fs, `${name}Sync`, writing);
    replace(fs.promises, name, promising);
  }
  const opening = refusing('file', () => 'open', throwing, opensForWriting);
  replace(fs, 'open', opening);
  replace(fs, 'openSync', opening);
  replace(
    fs.promises,
    'open',
    refusing('file', () => 'open', rejecting, opensForWriting),
  );
};

/** Notes what is thrown where nobody can catch it, in the name of whose work it is; it would end the process. */
const noteThrown = (error: unknown): void => {
  const { code, className } = errorFacts(error);
  const reach: Reach = { kind: 'thrown', what: code ?? className };
  const onReach = watched.getStore();
  if (onReach === undefined) strays.push(reach);
  else onReach(reach);
};

const putUp = (): OutsideGuard => {
  guardNetwork();
  guardProcesses();
  guardThreads();
  guardFiles();
  replace(process.stdout, 'write', tellingOutput);
  replace(process.stderr, 'write', tellingOutput);
  syncBuiltinESMExports();
  return {
    run: (onReach, work) => watched.run(onReach, work),
    refuseEverybody: () => {
      isEverybodyRefused = true;
    },
    catchEverybody: () => {
      process.on('uncaughtException', noteThrown);
      process.on('unhandledRejection', noteThrown);
      return () => {
        process.off('uncaughtException', noteThrown);
        process.off('unhandledRejection', noteThrown);
      };
    },
    strays,
  };
};

let guard: OutsideGuard | undefined;

/**
 * The guard of this process. Once up it stays, since a handler may go on after everybody has stopped waiting for it;
 * only what runs in it is concerned.
 */
export const outsideGuard = (): OutsideGuard => {
  guard ??= putUp();
  return guard;
};
