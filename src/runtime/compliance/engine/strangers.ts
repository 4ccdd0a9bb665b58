import type { AppDefinition } from '../../../core/app.ts';
import { parseEnvelope, withJobHeaders } from '../../../core/envelope.ts';
import { isEsteiraError } from '../../../core/errors.ts';
import { randomId } from '../../../core/ids.ts';
import { names } from '../../../core/names.ts';
import type { ConsumedRecord, HeaderEntry, RecordHeaders } from '../../../core/record.ts';
import { about, type Finding } from '../finding.ts';
import { gather } from './evidence.ts';
import { FIRST_TENANT, openStage, type Script, type Stage } from './stage.ts';

export interface StrangerEvidence {
  /** Starts for records of no tenant, or of one that does not exist. */
  readonly starts: number;
  /** Dead reasons of their letters. */
  readonly reasons: readonly (string | undefined)[];
  /** The code with which a delivery without a tenant was refused; undefined where it was taken. */
  readonly refusal: string | undefined;
  /** What the app's own directory said of a tenant that cannot exist. */
  readonly directory: 'unknown' | 'known' | 'silent';
}

const DAY_MS = 86_400_000;
const DIRECTORY_PATIENCE_MS = 5_000;

/** The topic a delivery of the script is written to. */
export const topicOf = ({ app, job, way }: Script): string =>
  way.kind === 'event' ? way.trigger.event.topic : names.inbox(app.name, job.type);

/** The headers of a record, as of another event. */
const asAnother = (headers: RecordHeaders, tenant: string | undefined): RecordHeaders => {
  const { job } = parseEnvelope(headers, true);
  const id = randomId();
  const changed = headers
    .filter(([name]) => name !== 'ce_tenantid' || tenant !== undefined)
    .map(([name, value]): HeaderEntry => {
      if (name === 'ce_id') return [name, Buffer.from(id)];
      return name === 'ce_tenantid' && tenant !== undefined ? [name, Buffer.from(tenant)] : [name, value];
    });
  return job === undefined ? changed : withJobHeaders(changed, { ...job, id });
};

/** Writes a copy of a record past the door, as a foreign program would. */
export const smuggle = async (
  stage: Stage,
  record: ConsumedRecord,
  changes: { readonly tenant?: string | undefined; readonly value?: Buffer },
): Promise<void> => {
  const { topic, key, value, headers } = record;
  await stage.process().producer.send({
    ...{ topic, key, value: changes.value ?? value },
    headers: asAnother(headers, changes.tenant),
  });
};

/** A question to the app's own directory; one that does not answer in time has said nothing. */
const askDirectory = async ({ tenants }: AppDefinition): Promise<StrangerEvidence['directory']> => {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<'silent'>((resolve) => {
    timer = setTimeout(resolve, DIRECTORY_PATIENCE_MS, 'silent');
  });
  const answer = Promise.resolve()
    .then(() => tenants.resolve(`rehearsal-nobody-${randomId()}`))
    .then(
      (tenant) => (tenant === undefined ? ('unknown' as const) : ('known' as const)),
      () => 'silent' as const,
    );
  const said = await Promise.race([answer, silence]);
  clearTimeout(timer);
  return said;
};

/** Plays records without a tenant, and of one that does not exist; `directory` is the app's own. */
export const playStrangers = async (script: Script): Promise<StrangerEvidence> => {
  const stage = await openStage(script, () => undefined);
  try {
    await stage.deliver({ tenant: FIRST_TENANT, id: 'known' });
    await stage.until(() => stage.starts.length > 0);
    const startsBefore = stage.starts.length;
    const [record] = await stage.services.read(topicOf(script));
    if (record !== undefined) {
      await smuggle(stage, record, { tenant: undefined });
      await smuggle(stage, record, { tenant: 'rehearsal-nobody' });
    }
    await stage.pass(DAY_MS);
    const refusal = await stage.deliver({ tenant: '', id: 'nobody' }).then(
      () => undefined,
      (error: unknown) => (isEsteiraError(error) ? error.code : 'UNEXPECTED'),
    );
    const { dead } = await gather(stage);
    return {
      starts: stage.starts.length - startsBefore,
      reasons: dead.map(({ job }) => job?.deadReason),
      refusal,
      directory: await askDirectory(script.app),
    };
  } finally {
    await stage.close();
  }
};

/** Judges `tenant-required`. */
export const judgeTenants = (seen: StrangerEvidence): Finding => {
  const { proved, breach, unproved } = about('tenant-required');
  const isRefused =
    seen.starts === 0 &&
    seen.refusal === 'ESTEIRA_TENANT_MISSING' &&
    seen.reasons.length === 2 &&
    seen.reasons.includes('tenant_unresolved') &&
    // The second may have died behind the first, where a dead letter holds its key.
    seen.reasons.every((reason) => reason === 'tenant_unresolved' || reason === 'behind_dead_letter');
  if (!isRefused)
    return breach(
      `records without a known tenant: ${seen.starts} started, dead for ${seen.reasons.join(', ') || 'nothing'}; publishing without one: ${seen.refusal ?? 'taken'}`,
      'this is a fault of Esteira: please report it',
    );
  if (seen.directory === 'known')
    return breach(
      "the app's tenant directory knows a tenant that cannot exist",
      'let resolve give undefined for whoever is not in it: else every record passes',
    );
  if (seen.directory === 'silent')
    return unproved(
      "the app's tenant directory did not answer, so nobody knows whom it would let pass",
      'run it where the directory can be asked, or with one for tests',
    );
  return proved(
    'without a tenant, or of one that does not exist: a dead letter at once, never started; refused at the door; the directory knows no stranger',
  );
};
