import type { ReplayWriter } from '../../consumers/dead-letters/index.ts';
import type { AppDefinition } from '../../core/app.ts';
import type { Clock } from '../../core/clock.ts';
import { EsteiraError } from '../../core/errors.ts';
import type { ServiceIdentity } from '../../core/job-event.ts';
import { type Operator, type OperatorRole, requireRole as requireRoleOf } from '../../security/identity.ts';
import type { Backend } from '../backend.ts';
import { requireReasonOf } from '../control/audited.ts';
import type { ControlLog } from '../control/control-log.ts';

/** Who acts, as the identity port says. */
export type ReplayOperator = Pick<Operator, 'name' | 'roles'>;

/** What guards every replay. */
export interface ReplayPolicy {
  /** How often one job may be replayed; then its dead letter is shelved. Default 3. */
  readonly maxReplays: number;
  /** Plans of more records need a second person. Default 1,000. */
  readonly approveAbove: number;
  /** How long a runner that is silent keeps its claim, ms; default 15,000. */
  readonly leaseMs: number;
  /** How often it is renewed, ms; default 3,000. */
  readonly heartbeatMs: number;
  /** How long a claim that looks dead is watched before it is taken over, ms; default two heartbeats. */
  readonly observeMs: number;
  /** How long one record may wait for its acknowledgement, ms; default 30,000. */
  readonly deadlineMs: number;
  /** The most records of one part of the ledger, which is what is looked for after a crash; default 500. */
  readonly batchRecords: number;
}

export const DEFAULT_REPLAY_POLICY: ReplayPolicy = {
  maxReplays: 3,
  approveAbove: 1_000,
  leaseMs: 15_000,
  heartbeatMs: 3_000,
  observeMs: 6_000,
  deadlineMs: 30_000,
  batchRecords: 500,
};

/** What a replay works with. */
export interface ReplayParts {
  readonly app: AppDefinition;
  readonly backend: Pick<Backend, 'broker' | 'serde' | 'state'>;
  readonly control: ControlLog;
  readonly clock: Clock;
  readonly service: ServiceIdentity;
  readonly operator: ReplayOperator;
  /** What audits, records and telemetry are written through; asked for when something is written first. */
  readonly connectWriter: () => Promise<ReplayWriter>;
  /** Default {@link DEFAULT_REPLAY_POLICY}. */
  readonly policy?: Partial<ReplayPolicy>;
}

/** The policy, with what is not said filled in. */
export const policyOf = ({ policy = {} }: ReplayParts): ReplayPolicy => ({
  ...DEFAULT_REPLAY_POLICY,
  ...policy,
});

/** Refused by a guard. */
export const refused = (message: string, facts: Record<string, string | number> = {}): EsteiraError =>
  new EsteiraError('ESTEIRA_REPLAY_REFUSED', message, { facts });

/** Stopped in the middle, by nobody's decision: what was done is in the ledger, and it can be resumed. */
export const interrupted = (planId: string, message: string, cause?: unknown): EsteiraError =>
  new EsteiraError('ESTEIRA_REPLAY_INTERRUPTED', `${message}; \`esteira replay resume ${planId}\` goes on`, {
    facts: { planId },
    ...(cause === undefined ? {} : { cause }),
  });

/** @throws EsteiraError ESTEIRA_OPERATOR_REFUSED when the operator has not this role */
export const requireRole = (
  { operator }: Pick<ReplayParts, 'operator'>,
  role: OperatorRole,
  what: string,
): void => requireRoleOf({ ...operator, isKnown: true }, role, what);

/** Whether something was signed by this operator, as the audit writes names. */
export const isSignedBy = ({ actor }: { readonly actor: string }, { name }: ReplayOperator): boolean =>
  actor === name.trim();

/** A reason as it is kept. @throws EsteiraError ESTEIRA_USAGE when it is empty or too long */
export const requireReason = (reason: string): string => {
  requireReasonOf('a replay', reason);
  return reason.trim();
};
