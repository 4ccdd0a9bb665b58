/** A payload with one field made wrong. */
export interface BrokenPayload {
  readonly field: string;
  readonly value: unknown;
}

/** What no rule about the meaning of a field would let pass, beside that it is missing. */
const WRONG: readonly unknown[] = [null, '', -1e15, [], {}, true];

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const without = (value: Readonly<Record<string, unknown>>, field: string): unknown =>
  Object.fromEntries(Object.entries(value).filter(([name]) => name !== field));

const NO_PAYLOADS: readonly BrokenPayload[] = [null, 0, []].map((value) => ({ field: '(payload)', value }));

/** The payload with each of its fields left out, and made wrong in several ways; where it has none, what is no payload. */
export const brokenPayloads = (value: unknown): readonly BrokenPayload[] => {
  if (!isRecord(value) || Object.keys(value).length === 0) return NO_PAYLOADS;
  return Object.keys(value).flatMap((field) => [
    { field, value: without(value, field) },
    ...WRONG.map((wrong) => ({ field, value: { ...value, [field]: wrong } })),
  ]);
};

/** The payload with `text` in its first field that holds a text; undefined where it has none. */
export const withText = (value: unknown, text: string): unknown => {
  if (!isRecord(value)) return undefined;
  for (const [field, one] of Object.entries(value)) {
    if (typeof one === 'string') return { ...value, [field]: text };
    const inside = Array.isArray(one) ? withTextInList(one, text) : withText(one, text);
    if (inside !== undefined) return { ...value, [field]: inside };
  }
  return undefined;
};

const withTextInList = (list: readonly unknown[], text: string): unknown => {
  const [first, ...rest] = list;
  if (typeof first === 'string') return [text, ...rest];
  const inside = withText(first, text);
  return inside === undefined ? undefined : [inside, ...rest];
};

const TENANT_FIELDS = ['tenantId', 'tenant_id', 'tenant', 'organizationId', 'organization_id'];

/** The payload as it would be of this tenant: fields that name the tenant say so too. */
export const ofTenant = (value: unknown, tenant: string): unknown => {
  if (!isRecord(value)) return value;
  const own = TENANT_FIELDS.filter((field) => typeof value[field] === 'string');
  return own.length === 0 ? value : { ...value, ...Object.fromEntries(own.map((field) => [field, tenant])) };
};
