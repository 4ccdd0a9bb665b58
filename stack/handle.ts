/** One started service. `kill`, `freeze` and `thaw` are refused for services that the stack did not start. */
export interface ServiceProcess {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** The process id of the latest start; 0 when the stack did not start the service. */
  readonly pid: number;
  /** Ends the process at once (SIGKILL), also a frozen one, and waits until it is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same port with the same data and waits until it answers its protocol. */
  start(): Promise<void>;
  /** Stops the process from running (SIGSTOP): its connections stay open and nothing answers. */
  freeze(): void;
  /** Lets a frozen process run on (SIGCONT). */
  thaw(): void;
  /** True while the process exists, also while it is frozen. */
  isAlive(): boolean;
}

/** A Kafka node: broker and controller in one. `nodeId` is what Kafka's metadata calls it. */
export interface BrokerProcess extends ServiceProcess {
  readonly nodeId: number;
}

/** A Redis server. */
export interface RedisProcess extends ServiceProcess {
  /** Starts it again; with `keepData: false` the append-only file is removed first. Default: keep. */
  start(options?: { keepData: boolean }): Promise<void>;
}

/** The schema registry; `url` is the base of its Confluent API. */
export interface RegistryProcess extends ServiceProcess {
  readonly url: string;
}

/** What a stack is made of. */
export interface StackOptions {
  /** Kafka nodes. Default 1. */
  brokers?: 1 | 3;
  /** Redis servers. Default 1. */
  redis?: 1 | 2;
  /** Whether to start the schema registry. Default true. */
  registry?: boolean;
  /** Where the data is kept, and left at stop. Default: a fresh temporary directory, removed at stop. */
  dir?: string;
  /** No progress lines on standard error. Default false. */
  quiet?: boolean;
  /** True: only services that can be killed and frozen will do, so only the stack's own processes. Default false. */
  control?: boolean;
  /** True: the broker's JVM compiles fully, slower at first and a third faster later; for benchmarks. Default false. */
  fullJit?: boolean;
}

/** The three ways to get services: given by the environment, Docker, or processes on a JVM. */
export type StackWay = 'environment' | 'docker' | 'java';

/** Running services and the environment that leads to them. */
export interface Stack {
  readonly way: StackWay;
  /** `KAFKA_BROKERS`, `SCHEMA_REGISTRY_URL`, `REDIS_URL`, and `REDIS_URL_2` when asked for. */
  readonly env: Record<string, string>;
  readonly brokers: readonly BrokerProcess[];
  readonly redis: readonly RedisProcess[];
  readonly registry?: RegistryProcess;
  /** Ends what was started, and only that. A second call does nothing. */
  stop(): Promise<void>;
}

/** Tells what goes on while services start. */
export type Progress = (line: string) => void;
