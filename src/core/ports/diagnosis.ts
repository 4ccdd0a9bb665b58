/** What a diagnosis asks of the broker, beyond the admin port. It changes nothing. */
export interface BrokerDiagnosis {
  /** @throws EsteiraError ESTEIRA_SERVICE_UNREACHABLE, ESTEIRA_BROKER_REFUSED */
  cluster(): Promise<ClusterFacts>;
  /** Every topic that may be seen. */
  topicNames(): Promise<readonly string[]>;
  /** Every group that may be seen. */
  groupNames(): Promise<readonly string[]>;
  /** The partitions of topics that exist. */
  replicas(topics: readonly string[]): Promise<readonly PartitionReplicas[]>;
  /** What holds for topics that exist, the broker's defaults included. */
  settings(topics: readonly string[]): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>>;
  /** Who may do what, as far as the broker says. */
  access(): Promise<Access>;
  /** Closes the connections. Safe to call twice. */
  close(): Promise<void>;
}

/** What a cluster says of itself. */
export interface ClusterFacts {
  readonly brokers: number;
  /** As far as its protocol tells, e.g. `3.9 or later`; absent when it cannot be told. */
  readonly release?: string;
}

/** Where the copies of a partition are. */
export interface PartitionReplicas {
  readonly topic: string;
  readonly partition: number;
  readonly replicas: number;
  readonly inSync: number;
  readonly hasLeader: boolean;
}

/** `open`: nobody is asked for rights. `refused`: these credentials may not see the rules. */
export type Access =
  | { readonly kind: 'open' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'rules'; readonly rules: readonly AccessRule[] };

export type AccessResource = 'topic' | 'group' | 'cluster' | 'other';
export type AccessOperation = 'read' | 'write' | 'describe' | 'all' | 'other';

/** One rule: who may, or may not, do what to what. */
export interface AccessRule {
  /** `User:name`, or `User:*`. */
  readonly principal: string;
  readonly resource: AccessResource;
  /** `*` for all, where `match` is `literal`. */
  readonly name: string;
  readonly match: 'literal' | 'prefixed';
  readonly operation: AccessOperation;
  readonly allows: boolean;
}

/** What a diagnosis asks of the state store's server. */
export interface StateDiagnosis {
  /**
   * The server's own words about itself; undefined when it does not give them.
   *
   * @throws EsteiraError ESTEIRA_SERVICE_UNREACHABLE
   */
  facts(): Promise<ReadonlyMap<string, string> | undefined>;
  /** The server's clock, epoch ms. @throws EsteiraError ESTEIRA_STATE_UNAVAILABLE */
  nowMs(): Promise<number>;
  /** Closes the connection. Safe to call twice. */
  close(): Promise<void>;
}
