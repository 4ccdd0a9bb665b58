import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { groupsOf } from '../../src/core/app-topics.ts';
import { names } from '../../src/core/names.ts';
import { type Esteira, JobEvent, start } from '../../src/index.ts';
import { applyTopics } from '../../src/runtime/topics/index.ts';
import {
  ALL_KEYS,
  type ChurnOptions,
  type ChurnVersion,
  churnApp,
  currencyOf,
  failuresOf,
  numberOf,
  tenantOf,
} from './churn-app.ts';
import { firstEffects, overlaps, readSaid, type Said, secondEffects } from './churn-record.ts';
import { movedBack, readCommits } from './commit-journal.ts';
import { invoice } from './invoices.ts';
import { type OpenServices, openServices } from './open-services.ts';
import { freshName, readTopic } from './scenario.ts';
import { pause, waitFor } from './wait.ts';
import { type SpawnedWorker, spawnWorkerProcess } from './worker-process.ts';

/** A worker process of the run, and its version of the app. */
export interface ChurnWorker extends SpawnedWorker {
  readonly version: ChurnVersion;
}

/** What is wrong after a run: nothing may be, so all of it is empty; and what the run was, in numbers. */
export interface ChurnStory {
  readonly wrong: Readonly<Record<string, readonly string[]>>;
  readonly counts: Readonly<Record<string, number>>;
}

const TERMINAL = ['job.completed', 'job.skipped', 'job.cancelled', 'job.sent_to_dlq'];

const unlike = (found: readonly string[], expected: readonly string[]): readonly string[] => {
  const [left, right] = [new Set(found), new Set(expected)];
  return [
    ...[...right].filter((one) => !left.has(one)).map((one) => `${one} is missing`),
    ...[...left].filter((one) => !right.has(one)).map((one) => `${one} is a stranger`),
  ];
};

/**
 * Worker processes of two versions of an app that come and go under a steady stream of events. The topics are those of
 * version 2 from the beginning: a group takes no first offsets while it has members.
 */
export class ChurnRun {
  readonly #ns: string;
  readonly #file: string;
  readonly #options: ChurnOptions;
  readonly #services: OpenServices;
  readonly #publisher: Esteira;
  readonly #app;
  readonly #workers = new Set<ChurnWorker>();
  readonly #unclean: string[] = [];
  readonly #counts = { joined: 0, left: 0, killed: 0 };
  readonly #stopped: Promise<void>[] = [];
  #payments = 0;
  #refunds = 0;
  #publishing: Promise<void> | undefined;
  #isPublishing = false;

  private constructor(
    ns: string,
    file: string,
    options: ChurnOptions,
    services: OpenServices,
    publisher: Esteira,
  ) {
    this.#ns = ns;
    this.#file = file;
    this.#options = options;
    this.#services = services;
    this.#publisher = publisher;
    this.#app = churnApp(ns, file, 2);
  }

  /** Applies the topics; what workers and handlers say goes into files of this folder. */
  static async open(folder: string, options: ChurnOptions): Promise<ChurnRun> {
    const ns = freshName('churn');
    const file = join(folder, 'said.txt');
    writeFileSync(file, '');
    const { app } = churnApp(ns, file, 2);
    const services = await openServices(app);
    await applyTopics(app, services.backend.broker.admin, {});
    const environment = { ...process.env, LOG_LEVEL: 'silent' };
    const publisher = await start(app, { environment, backend: services.backend, roles: [] });
    return new ChurnRun(ns, file, options, services, publisher);
  }

  /** Those that were asked neither to leave nor to die, the oldest first. */
  get workers(): readonly ChurnWorker[] {
    return [...this.#workers];
  }

  get effects(): number {
    return readSaid(this.#file).filter(({ what }) => what === 'effect').length;
  }

  /** A process joins; it need not be ready yet. */
  join(version: ChurnVersion): ChurnWorker {
    this.#counts.joined += 1;
    const spawned = spawnWorkerProcess({
      program: 'test/support/churn-worker.ts',
      env: {
        ...{ CHURN_NS: this.#ns, CHURN_FILE: this.#file, CHURN_VERSION: String(version), LOG_LEVEL: 'warn' },
        CHURN_SLOW_MS: String(this.#options.slowMs),
        CHURN_REFUNDS_FAIL: String(this.#options.refundsFail),
        CHURN_WINDOW: String(this.#options.window),
      },
      logFile: `${this.#file}.${this.#counts.joined}.log`,
    });
    const worker = { ...spawned, version };
    this.#workers.add(worker);
    return worker;
  }

  /** SIGTERM: it must end in order. */
  async leave(worker: ChurnWorker): Promise<void> {
    this.#forget(worker);
    this.#counts.left += 1;
    const leaving = worker.ready
      .then(() => worker.stop())
      .then((code) => {
        if (code !== 0) this.#unclean.push(`${worker.pid} left with ${code}`);
      });
    this.#stopped.push(leaving);
    await leaving;
  }

  /** SIGKILL, also while it joins. */
  async die(worker: ChurnWorker): Promise<void> {
    this.#forget(worker);
    this.#counts.killed += 1;
    await worker.kill();
    appendFileSync(this.#file, `gone - - ${worker.pid}\n`);
  }

  /** Publishes a payment each `everyMs`, and a refund beside every second one, until the run is finished. */
  publishSteadily(everyMs: number): void {
    this.#isPublishing = true;
    this.#publishing = (async () => {
      while (this.#isPublishing) {
        await this.#publishNext(this.#payments % 2 === 0);
        await pause(everyMs);
      }
    })();
  }

  /** Resolves when every job type has worked on all that is published by now, but for what waits for its version. */
  async untilWorkedOff(timeoutMs: number): Promise<void> {
    const waits = (type: string, id: string): boolean =>
      this.#options.refundsFail &&
      type === 'settle' &&
      id.startsWith('refund') &&
      failuresOf(numberOf(id)) > 0;
    const expected = Object.entries(this.#expected).map(
      ([type, ids]) => [type, ids.filter((id) => !waits(type, id))] as const,
    );
    const isDone = (): boolean => {
      const said = readSaid(this.#file);
      return expected.every(([type, ids]) => {
        const worked = new Set(firstEffects(said, type));
        return ids.every((id) => worked.has(id));
      });
    };
    await waitFor('all that is published by now to be worked on', isDone, { timeoutMs, everyMs: 200 });
  }

  /** Ends publishing, with one more of each key, waits until all is worked off, and says what is wrong. */
  async finish(timeoutMs: number): Promise<ChurnStory> {
    this.#isPublishing = false;
    await this.#publishing;
    for (let key = 0; key < ALL_KEYS; key += 1) await this.#publishNext(true);
    await this.#publisher.idle({ timeoutMs });
    await Promise.all(this.workers.map((worker) => this.leave(worker)));
    await Promise.all(this.#stopped);
    return this.#tell();
  }

  async close(): Promise<void> {
    this.#isPublishing = false;
    await this.#publishing?.catch(() => undefined);
    await Promise.all(this.workers.map((worker) => worker.kill()));
    await this.#publisher.stop();
    await this.#services.close();
  }

  #forget(worker: ChurnWorker): void {
    if (!this.#workers.delete(worker)) throw new Error(`worker ${worker.pid} is on its way out already`);
    if (!worker.isAlive()) this.#unclean.push(`${worker.pid} ended by itself`);
  }

  async #publishNext(withRefund: boolean): Promise<void> {
    const { paid, refunded } = this.#app;
    const publish = (event: typeof paid, id: string, number: number): Promise<unknown> =>
      this.#publisher.publish(event, invoice(id, { currency: currencyOf(number) }), {
        tenant: tenantOf(number),
        id,
      });
    const all = [publish(paid, `payment-${this.#payments}`, this.#payments)];
    this.#payments += 1;
    if (withRefund) {
      all.push(publish(refunded, `refund-${this.#refunds}`, this.#refunds));
      this.#refunds += 1;
    }
    await Promise.all(all);
  }

  async #tell(): Promise<ChurnStory> {
    const said = readSaid(this.#file);
    const second = secondEffects(said);
    const groups = groupsOf(this.#app.app).map(({ groupId }) => groupId);
    const commits = await readCommits(this.#services, groups);
    return {
      wrong: {
        ...{ ...this.#lost(said), overlaps: overlaps(said), secondEffects: second.others },
        outOfOrder: await this.#outOfOrder(said),
        commitsMovedBack: movedBack(commits),
        commitsUnseen: groups.filter(
          (group) => !commits.some(({ groupId, offset }) => groupId === group && offset > 0n),
        ),
        endsNotOnce: await this.#endsNotOnce(),
        setAside: (await readTopic(this.#services, names.unroutable(this.#ns))).map(({ key }) => String(key)),
        unclean: this.#unclean,
      },
      counts: {
        ...{ ...this.#counts, payments: this.#payments, refunds: this.#refunds, commits: commits.length },
        secondEffectsAfterDeath: second.afterDeath.length,
        starts: said.filter(({ what }) => what === 'start').length,
        parked: (await readTopic(this.#services, names.waiting(this.#ns, 'post'))).length,
      },
    };
  }

  /** Ids that each job type is to have worked on. */
  get #expected(): Readonly<Record<string, readonly string[]>> {
    const payments = Array.from({ length: this.#payments }, (_, index) => `payment-${index}`);
    const refunds = Array.from({ length: this.#refunds }, (_, index) => `refund-${index}`);
    return { settle: [...payments, ...refunds], post: payments, notify: refunds };
  }

  #lost(said: readonly Said[]): Readonly<Record<string, readonly string[]>> {
    return Object.fromEntries(
      Object.entries(this.#expected).map(([type, ids]) => [type, unlike(firstEffects(said, type), ids)]),
    );
  }

  /** Keys of `post` whose first effects differ from their order in the log. */
  async #outOfOrder(said: readonly Said[]): Promise<readonly string[]> {
    const byKey = (ids: readonly string[]): ReadonlyMap<string, string> => {
      const keys = new Map<string, string>();
      for (const id of ids) {
        const key = `${tenantOf(numberOf(id))} ${currencyOf(numberOf(id))}`;
        keys.set(key, `${keys.get(key) ?? ''} ${id}`);
      }
      return keys;
    };
    const log = await readTopic(this.#services, this.#app.paid.topic);
    const inLog = byKey(
      log.map(({ headers }) => String(headers.find(([name]) => name === 'ce_id')?.[1] ?? 'none')),
    );
    const worked = byKey(firstEffects(said, 'post'));
    return [...inLog].flatMap(([key, ids]) =>
      worked.get(key) === ids ? [] : [`${key}:${worked.get(key)} in place of${ids}`],
    );
  }

  /** Jobs that have not exactly one end, which is their completion. */
  async #endsNotOnce(): Promise<readonly string[]> {
    const ends = new Map<string, Map<string, string>>();
    for (const { value } of await readTopic(this.#services, names.telemetry(this.#ns))) {
      const decoded = await this.#services.backend.serde.decode(JobEvent, value);
      if (!decoded.ok) return ['a telemetry record cannot be decoded'];
      const { eventId, jobId, jobType, type } = decoded.value;
      const job = `${jobType} ${jobId}`;
      const told = ends.get(job) ?? new Map<string, string>();
      ends.set(job, told);
      if (TERMINAL.includes(type)) told.set(eventId, type);
    }
    const jobs = Object.values(this.#expected).reduce((sum, ids) => sum + ids.length, 0);
    const odd = [...ends].filter(([, told]) => [...told.values()].join(' ') !== 'job.completed');
    return [
      ...odd.map(([job, told]) => `${job}: ${[...told.values()].join(', ')}`),
      ...(ends.size === jobs ? [] : [`${ends.size} jobs in place of ${jobs}`]),
    ];
  }
}
