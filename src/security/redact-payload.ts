import { NOTHING_PERSONAL, type PersonalFields } from './personal-fields.ts';
import { redactText } from './redact-text.ts';
import { judgeName } from './secret-names.ts';

/** A payload without what must not be read, and where that was. */
export interface RedactedPayload {
  readonly value: unknown;
  /** Such as `customer.cards[0].number`; `(payload)` for the payload itself. */
  readonly redacted: readonly string[];
}

/** What stands in place of a value that its schema marks as personal. */
export const HIDDEN_PERSONAL = '[redacted:personal]';

/** Payloads are bounded, so their texts are never cut here. */
const WHOLE = 2 ** 30;
const DEEPEST = 200;
const TOO_DEEP = '[deeper]';

const pathOf = (parent: string, name: string): string => (parent === '' ? name : `${parent}.${name}`);

/** Values that say nothing about anybody. */
const isEmpty = (value: unknown): boolean => value === null || value === undefined || value === '';

const hiddenByName = (name: string, value: unknown): string | undefined => {
  const verdict = judgeName(name);
  if (verdict === 'plain' || isEmpty(value) || typeof value === 'boolean') return undefined;
  return verdict === 'card' ? '[redacted:card-number]' : '[redacted:named-secret]';
};

/** One pass over one payload. */
class Redaction {
  readonly redacted: string[] = [];

  hide(path: string, put: string): string {
    this.redacted.push(path === '' ? '(payload)' : redactText(path, 400));
    return put;
  }

  copy(value: unknown, marks: PersonalFields, path: string, depth: number): unknown {
    if (marks.isPersonal && !isEmpty(value)) return this.hide(path, HIDDEN_PERSONAL);
    if (typeof value === 'string') return this.#text(value, path);
    if (typeof value === 'bigint') return String(value);
    if (typeof value !== 'object' || value === null) return value;
    if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
    if (depth >= DEEPEST) return this.hide(path, TOO_DEEP);
    if (Array.isArray(value)) {
      const items = marks.items ?? NOTHING_PERSONAL;
      return value.map((one, index) =>
        this.copy(one, marks.fields.get(String(index)) ?? items, `${path}[${index}]`, depth + 1),
      );
    }
    return this.#fields(value, marks, path, depth);
  }

  #text(text: string, path: string): string {
    const shown = redactText(text, WHOLE);
    return shown === text ? text : this.hide(path, shown);
  }

  #fields(value: object, marks: PersonalFields, path: string, depth: number): object {
    const copy: Record<string, unknown> = {};
    for (const name of Object.keys(value)) {
      const one: unknown = Reflect.get(value, name);
      const field = marks.fields.get(name) ?? marks.items ?? NOTHING_PERSONAL;
      const at = pathOf(path, name);
      const hidden = field.isPersonal ? undefined : hiddenByName(name, one);
      // Names of maps can be data too.
      const shown = this.#text(name, at);
      Object.defineProperty(copy, shown, {
        value: hidden === undefined ? this.copy(one, field, at, depth + 1) : this.hide(at, hidden),
        ...{ enumerable: true, configurable: true, writable: true },
      });
    }
    return copy;
  }
}

/**
 * A copy of a whole payload, as JSON can say it (bytes in base64), without secrets, e-mail addresses and what is marked as
 * personal; nothing is cut. Beside it: where something was hidden. Below 200 levels nothing is shown.
 */
export const redactPayload = (value: unknown, marks: PersonalFields = NOTHING_PERSONAL): RedactedPayload => {
  const redaction = new Redaction();
  const copy = redaction.copy(value, marks, '', 0);
  return { value: copy, redacted: redaction.redacted };
};
