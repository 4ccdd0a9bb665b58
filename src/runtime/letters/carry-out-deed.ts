import { jobOfDeadLetterTopic, readFirst, toDeadLetter } from '../../consumers/dead-letters/index.ts';
import { auditOf, writeAudits } from '../control/audited.ts';
import type { Signature } from '../control/signature.ts';
import type { ReplayParts } from '../replay/replay-parts.ts';
import type { HeldKey } from './held-keys.ts';
import { auditLetterStep, letterAudit, writeLetterAudits } from './letter-audit.ts';
import type { ChosenLetters } from './letter-selection.ts';
import { type DeedValue, type LetterDeed, letterSubjects } from './letter-values.ts';

/** What a deed is about, before it is done. */
export interface ChosenDeed {
  readonly deed: LetterDeed;
  readonly letters: ChosenLetters;
  readonly keys: readonly HeldKey[];
  /** Positions where nothing stands (any more). */
  readonly gone: number;
  /** What was asked for. */
  readonly words: string;
}

/** How it is to be done. */
export interface CarryOut {
  readonly deedId: string;
  readonly reason: string;
  /** `asked` leaves it to a second person. */
  readonly state: DeedValue['state'];
  readonly askedBy?: string;
}

const auditEach = async (
  parts: ReplayParts,
  { letters }: ChosenDeed,
  how: { readonly action: string; readonly deedId: string; readonly signature: Signature },
): Promise<void> => {
  for (const { topic, partition, offsets } of letters.partitions()) {
    const job = jobOfDeadLetterTopic(parts.app, topic);
    let left: readonly bigint[] = offsets;
    while (job !== undefined && left.length > 0) {
      const { records, taken } = await readFirst(parts.backend.broker.admin, { topic, partition }, left);
      await writeLetterAudits(
        parts,
        records.map((record) => letterAudit(parts, toDeadLetter(job, record), how)),
      );
      left = left.slice(taken);
    }
  }
};

/** Positions first, the deed last: without it what was written before is nothing. */
const write = async (
  parts: ReplayParts,
  { deed, letters, words }: ChosenDeed,
  { deedId, state, askedBy }: CarryOut,
  signature: Signature,
): Promise<void> => {
  const chunks = letters.chunks();
  await parts.control.append(
    chunks.map((value, index) => ({ subject: letterSubjects.positions(deedId, index), value })),
  );
  const value: DeedValue = {
    ...signature,
    ...{ kind: 'letters.deed', deed, state, selection: words, total: letters.size, chunks: chunks.length },
    ...(askedBy === undefined ? {} : { askedBy }),
  };
  await parts.control.append([{ subject: letterSubjects.deed(deedId), value }]);
};

/** Lifts the holds that hold nothing any more, each audited first. */
const lift = async (
  parts: ReplayParts,
  keys: readonly HeldKey[],
  deedId: string,
  reason: string,
): Promise<readonly HeldKey[]> => {
  const { clock, operator, service, app, backend } = parts;
  const free = keys.filter(({ outcome }) => outcome === 'would_lift');
  const audits = free.map(({ jobType, tenant, key, partition }) =>
    auditOf(service, {
      ...{ action: 'keys.unblock', actor: operator.name, reason, tenantId: tenant, atMs: clock.nowMs() },
      subject: `${jobType} ${partition}`,
      details: { jobType, partition, orderKey: key, deedId, because: 'all its dead letters are discarded' },
    }),
  );
  if (audits.length > 0) await writeAudits(parts, audits, { deedId });
  for (const { id, jobType } of free) {
    const ttlMs = app.jobs.find(({ type }) => type === jobType)?.doneTtlMs ?? 0;
    await backend.state.order.lift([{ ...id, ttlMs }]);
  }
  return keys.map((key) => (key.outcome === 'would_lift' ? { ...key, outcome: 'lifted' } : key));
};

/**
 * Audits a deed and each of its letters, writes it, and lifts the holds of keys of which nothing is left. Killed before
 * the deed is written nothing is done; killed after it, the same deed once more finds the holds that are left.
 *
 * @throws EsteiraError ESTEIRA_AUDIT_UNAVAILABLE, ESTEIRA_STATE_UNAVAILABLE, ESTEIRA_BROKER_UNAVAILABLE
 */
export const carryOut = async (
  parts: ReplayParts,
  chosen: ChosenDeed,
  how: CarryOut,
): Promise<ChosenDeed> => {
  const { deed, letters, words } = chosen;
  const { deedId, reason, state, askedBy } = how;
  const action = `dlq.${deed}`;
  const signature = await auditLetterStep(parts, {
    ...{ action: state === 'asked' ? `${action}.ask` : action, subject: deedId, reason },
    details: {
      ...{ selection: words, letters: String(letters.size) },
      ...(askedBy === undefined ? {} : { askedBy }),
    },
  });
  if (state === 'done') await auditEach(parts, chosen, { action, deedId, signature });
  if (letters.size > 0 || askedBy !== undefined) await write(parts, chosen, how, signature);
  if (state === 'asked') return chosen;
  return { ...chosen, keys: await lift(parts, chosen.keys, deedId, reason) };
};
