import { isEsteiraError } from '../../../core/errors.ts';
import { checkPayload } from '../../../core/payload.ts';
import { brokenPayloads, withText } from '../definition/broken-payloads.ts';
import { about, type Finding } from '../finding.ts';
import { checkOf, contractOf } from '../way.ts';
import { gather } from './evidence.ts';
import { FIRST_TENANT, openStage, type Script, type Stage } from './stage.ts';
import { smuggle, topicOf } from './strangers.ts';

export interface BrokenEvidence {
  /** Broken payloads that were offered at the door, and those it took. */
  readonly offered: number;
  readonly taken: readonly string[];
  /** Whether a broken payload could be written past the door, and what became of it. */
  readonly smuggled: boolean;
  readonly starts: number;
  readonly reasons: readonly (string | undefined)[];
  /** How a payload with a secret was refused: the code; undefined where it was taken; null where it has no text. */
  readonly secretRefusal: string | undefined | null;
}

const DAY_MS = 86_400_000;
const SECRET_TEXT = 'password=Rehearsal-8842-only';

const refusalOf = (delivery: Promise<void>): Promise<string | undefined> =>
  delivery.then(
    () => undefined,
    (error: unknown) => (isEsteiraError(error) ? error.code : 'UNEXPECTED'),
  );

const offerAll = async (stage: Stage): Promise<{ readonly offered: number; readonly taken: string[] }> => {
  const { sample, way } = stage.script;
  const taken: string[] = [];
  const broken = brokenPayloads(sample).filter(({ value }) => checkPayload(checkOf(way), value).length > 0);
  for (const [index, { field, value }] of broken.entries()) {
    const refusal = await refusalOf(
      stage.deliver({ tenant: FIRST_TENANT, id: `broken-${index}`, payload: value }),
    );
    if (refusal === undefined) taken.push(field);
  }
  return { offered: broken.length, taken };
};

/** The bytes of a payload that its schema takes and its check does not; undefined where there is none. */
const foreignBytes = async ({ script, services }: Stage): Promise<Buffer | undefined> => {
  const { sample, way } = script;
  const contract = contractOf(way);
  for (const { value } of brokenPayloads(sample)) {
    if (checkPayload(checkOf(way), value).length === 0) continue;
    if (contract === undefined) return Buffer.from(JSON.stringify(value));
    try {
      return await services.serde.encode(contract, value);
    } catch (error) {
      if (!isEsteiraError(error, 'ESTEIRA_PAYLOAD_INVALID')) throw error;
    }
  }
  return undefined;
};

/** Plays broken payloads at the door and past it, and a secret at the door. */
export const playBroken = async (script: Script): Promise<BrokenEvidence> => {
  const stage = await openStage(script, () => undefined);
  try {
    await stage.deliver({ tenant: FIRST_TENANT, id: 'sound' });
    await stage.until(() => stage.starts.length > 0);
    const startsBefore = stage.starts.length;
    const [record] = await stage.services.read(topicOf(script));
    const door = await offerAll(stage);
    const bytes = await foreignBytes(stage);
    if (record !== undefined && bytes !== undefined)
      await smuggle(stage, record, { tenant: FIRST_TENANT, value: bytes });
    const withSecret = withText(script.sample, SECRET_TEXT);
    const secretRefusal =
      withSecret === undefined
        ? null
        : await refusalOf(stage.deliver({ tenant: FIRST_TENANT, id: 'secret', payload: withSecret }));
    await stage.pass(DAY_MS);
    const { dead } = await gather(stage);
    return {
      ...door,
      ...{ smuggled: bytes !== undefined, secretRefusal },
      starts: stage.starts.length - startsBefore,
      reasons: dead.map(({ job }) => job?.deadReason),
    };
  } finally {
    await stage.close();
  }
};

/** Judges `payload-checked`. */
export const judgeChecked = (seen: BrokenEvidence): Finding => {
  const { proved, breach } = about('payload-checked');
  if (seen.offered === 0)
    return breach('no broken payload is refused', 'say with Zod what its fields may be (check, or payload)');
  const isStopped = seen.taken.length === 0 && seen.starts === 0;
  if (!isStopped || (seen.smuggled && seen.reasons.length === 0))
    return breach(
      `${seen.taken.length} of ${seen.offered} broken payloads were taken, ${seen.starts} started`,
      'this is a fault of Esteira: please report it',
    );
  const past = seen.smuggled
    ? `; one from another program became a dead letter (${seen.reasons.join(', ')})`
    : '; its schema lets no other program write one';
  return proved(`${seen.offered} broken payloads were refused at the door${past}`);
};

const DOOR_CODES = ['ESTEIRA_PAYLOAD_HOLDS_SECRET', 'ESTEIRA_PAYLOAD_INVALID'];

/** Judges `no-secret-in-payload`, as far as it is played: the names of its fields are judged apart. */
export const judgeSecret = (seen: BrokenEvidence): Finding => {
  const { proved, breach } = about('no-secret-in-payload');
  if (seen.secretRefusal === null) return proved('no field is named as a secret, and none can hold a text');
  if (seen.secretRefusal === undefined || !DOOR_CODES.includes(seen.secretRefusal))
    return breach(
      `a password in a text of the payload was ${seen.secretRefusal ?? 'taken'}`,
      'this is a fault of Esteira: please report it',
    );
  return proved('a password in a text was refused at the door; no field is named as a secret');
};
