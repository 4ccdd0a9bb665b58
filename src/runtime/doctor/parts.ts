import type { AppDefinition } from '../../core/app.ts';
import type { BrokerAdmin } from '../../core/ports/broker.ts';
import type { BrokerDiagnosis, StateDiagnosis } from '../../core/ports/diagnosis.ts';
import type { RegistryClient } from '../../serde/registry-client.ts';
import type { Check } from './check.ts';

/** What a diagnosis asks of the registry. */
export type RegistryDiagnosis = Pick<
  RegistryClient,
  'lookUp' | 'version' | 'compatibility' | 'level' | 'serverVersion'
>;

/** What a diagnosis looks at. */
export interface DoctorParts {
  readonly app: AppDefinition;
  readonly admin: BrokerAdmin;
  readonly broker: BrokerDiagnosis;
  readonly state: StateDiagnosis;
  readonly registry: RegistryDiagnosis;
  /** The addresses looked at, without credentials. */
  readonly addresses: { readonly kafka: string; readonly registry: string; readonly redis: string };
  readonly production: boolean;
  /** What `KAFKA_REPLICATION_FACTOR` says. */
  readonly replicationFactor?: number;
  /** The user that Kafka knows this process as, where it can be told: `User:name`. */
  readonly principal?: string;
  /** This machine's clock, epoch ms. */
  readonly nowMs: () => number;
  /** The longest wait for one service to answer at all, ms; default 8,000. */
  readonly serviceDeadlineMs?: number;
  /** The longest time for one area, ms; default 60,000. */
  readonly areaDeadlineMs?: number;
}

/** A look at one thing; what it throws becomes a problem of its area. */
export type Probe = (parts: DoctorParts) => Promise<readonly Check[]>;
