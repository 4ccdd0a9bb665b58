import type { DispatchFormat } from '../core/dispatch.ts';
import { whenKnown } from '../core/known.ts';
import { checkPayload } from '../core/payload.ts';
import type { Serde } from '../core/ports/serde.ts';
import type { Trigger } from '../core/trigger.ts';

/** How the bytes of a record are to be read. */
export type PayloadSource =
  | { readonly kind: 'event'; readonly trigger: Trigger<unknown> }
  | { readonly kind: 'dispatch'; readonly format: DispatchFormat };

/** The payload of a record, or why it can never be one. */
export type Payload =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false;
      readonly reason: 'undecodable' | 'payload_invalid';
      readonly code: string;
      readonly detail: string;
    };

const parseJson = (bytes: Buffer | null): Payload => {
  if (bytes === null) return undecodable('TOMBSTONE', 'the record has no value');
  try {
    return { ok: true, value: JSON.parse(bytes.toString('utf8')) };
  } catch {
    // The parser's message quotes the payload, which must not leave.
    return undecodable('BODY_MALFORMED', `${bytes.length} bytes are not JSON`);
  }
};

const undecodable = (code: string, detail: string): Payload => ({
  ok: false,
  reason: 'undecodable',
  code,
  detail,
});

const decode = (serde: Serde, source: PayloadSource, bytes: Buffer | null): Payload | Promise<Payload> => {
  if (source.kind === 'dispatch' && source.format.kind === 'json') return parseJson(bytes);
  const contract = contractOf(source);
  if (contract === undefined) return undecodable('TYPE_UNKNOWN', 'no contract');
  return whenKnown(serde.decode(contract, bytes), (decoded) =>
    decoded.ok ? decoded : undecodable(decoded.code, decoded.detail),
  );
};

const contractOf = (source: PayloadSource) => {
  if (source.kind === 'event') return source.trigger.event.contract;
  if (source.format.kind === 'avro') return source.format.contract;
  return source.format.kind === 'event' ? source.format.event.contract : undefined;
};

/**
 * Decodes and checks, at once when the schema is known.
 *
 * @throws EsteiraError ESTEIRA_REGISTRY_UNAVAILABLE when nothing is known about the bytes yet.
 */
export const openPayload = (
  serde: Serde,
  source: PayloadSource,
  bytes: Buffer | null,
): Payload | Promise<Payload> =>
  whenKnown(decode(serde, source, bytes), (payload) => {
    if (!payload.ok) return payload;
    const check = source.kind === 'event' ? source.trigger.event.check : source.format.check;
    const problems = checkPayload(check, payload.value);
    if (problems.length === 0) return payload;
    return { ok: false, reason: 'payload_invalid', code: 'CHECK_FAILED', detail: problems.join('; ') };
  });
