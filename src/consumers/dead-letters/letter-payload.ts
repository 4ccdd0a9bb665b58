import type { AppDefinition } from '../../core/app.ts';
import type { AvroContract } from '../../core/contract.ts';
import { dispatchFormat } from '../../core/dispatch.ts';
import { isEsteiraError } from '../../core/errors.ts';
import type { PayloadCheck } from '../../core/event.ts';
import type { Serde } from '../../core/ports/serde.ts';
import { type PersonalFields, personalFieldsOf } from '../../security/personal-fields.ts';
import type { DeadLetter } from './dead-letter.ts';

/** What the value of a dead letter was written as. `contract` is absent for JSON. */
export interface LetterFormat {
  /** The full Avro name, or `JSON`. */
  readonly name: string;
  readonly contract?: AvroContract<unknown>;
  /** The check of its meaning that workers make. */
  readonly check: PayloadCheck;
  readonly personal: PersonalFields;
}

/** The value of a dead letter as it is, or why it cannot be read. It may hold secrets and personal data. */
export type LetterPayload =
  | {
      readonly ok: true;
      readonly format: LetterFormat;
      readonly value: unknown;
      /** The id it was written with; absent for JSON. */
      readonly schemaId?: number;
    }
  | { readonly ok: false; readonly code: string; readonly detail: string; readonly format?: LetterFormat };

const formatFor = (contract: AvroContract<unknown> | undefined, check: PayloadCheck): LetterFormat => ({
  name: contract?.name ?? 'JSON',
  ...(contract === undefined ? {} : { contract }),
  check,
  personal: personalFieldsOf(contract, check),
});

/**
 * What the value of a dead letter was written as: an event, or the payload of a dispatch; undefined when the app knows
 * nothing of the kind.
 *
 * @throws EsteiraError ESTEIRA_REGISTRY_UNAVAILABLE
 */
export const formatOfLetter = async (
  app: AppDefinition,
  serde: Serde,
  letter: DeadLetter,
  value: Buffer | null,
): Promise<LetterFormat | undefined> => {
  const { eventType } = letter.envelope;
  const dispatch = dispatchFormat(app.name, letter.job);
  if (eventType !== undefined && dispatch?.type === eventType && dispatch.kind !== 'event')
    return formatFor(dispatch.kind === 'avro' ? dispatch.contract : undefined, dispatch.check);
  const name = eventType === undefined ? await serde.recordName(value) : undefined;
  const event = app.events.find((one) => one.type === eventType || one.contract.name === name);
  return event === undefined ? undefined : formatFor(event.contract, event.check);
};

const readJson = (format: LetterFormat, value: Buffer): LetterPayload => {
  try {
    return { ok: true, format, value: JSON.parse(value.toString('utf8')) };
  } catch {
    // The parser's message quotes the payload.
    return { ok: false, code: 'BODY_MALFORMED', detail: `${value.length} bytes are not JSON`, format };
  }
};

const read = async (
  app: AppDefinition,
  serde: Serde,
  letter: DeadLetter,
  value: Buffer | null,
): Promise<LetterPayload> => {
  const format = await formatOfLetter(app, serde, letter, value);
  if (format === undefined)
    return { ok: false, code: 'TYPE_UNKNOWN', detail: 'the app knows no such event or payload' };
  if (value === null) return { ok: false, code: 'TOMBSTONE', detail: 'the record has no value', format };
  if (format.contract === undefined) return readJson(format, value);
  const decoded = await serde.decode(format.contract, value);
  return decoded.ok
    ? { ok: true, format, value: decoded.value, schemaId: decoded.schemaId }
    : { ok: false, code: decoded.code, detail: decoded.detail, format };
};

/** Reads the value of a dead letter. What is else known of it is worth having while the registry is away, so that is an answer. */
export const readLetterPayload = async (
  app: AppDefinition,
  serde: Serde,
  letter: DeadLetter,
  value: Buffer | null,
): Promise<LetterPayload> => {
  try {
    return await read(app, serde, letter, value);
  } catch (error) {
    if (!isEsteiraError(error)) throw error;
    return { ok: false, code: error.code, detail: error.message };
  }
};
