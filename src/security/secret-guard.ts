import { EsteiraError } from '../core/errors.ts';
import { isCardNumber } from './card-number.ts';
import { redactText } from './redact-text.ts';
import { judgeName, type NameVerdict } from './secret-names.ts';
import type { SecretKind } from './secret-rules.ts';
import { scanSecrets } from './secret-scan.ts';
import { looksLikeToken } from './token-shape.ts';

/** Where a payload holds what looks like a secret; never the secret itself. */
export interface SecretFinding {
  /** Such as `customer.cards[0].number`; `(payload)` for the payload itself. */
  readonly path: string;
  readonly kind: SecretKind;
}

const MOST_FINDINGS = 20;
const DEEPEST = 200;
const SHORTEST_TOKEN = 20;

/** Texts under a secret's name that only point at it, or say that it is not there. */
const POINTER =
  /^(?:vault|secret|secrets|ssm|op|env|ref|awssm|gcpsm|akv|enc|file|arn|kms):|^projects\/|^\$?\{.*\}$|^(?:[*•x.\-\s]{3,})?$|^<.*>$|^\[.*\]$/i;

const COOKIE = /^[^\s=;]{1,64}=[^\s;]{6}/;

const isSecretByName = (text: string, verdict: NameVerdict): boolean => {
  if (verdict === 'secret') return !POINTER.test(text);
  return verdict === 'maybe' && text.length >= SHORTEST_TOKEN && (looksLikeToken(text) || COOKIE.test(text));
};

const kindOfText = (text: string, verdict: NameVerdict): SecretKind | undefined => {
  const shape = scanSecrets(text, 'refuse').find(({ confidence }) => confidence === 'refuse');
  if (shape !== undefined) return shape.kind;
  if (verdict === 'card') return isCardNumber(text.replaceAll(/[ -]/g, '')) ? 'card-number' : undefined;
  return isSecretByName(text, verdict) ? 'named-secret' : undefined;
};

const kindOf = (value: unknown, verdict: NameVerdict): SecretKind | undefined => {
  if (typeof value === 'string') return kindOfText(value, verdict);
  if (verdict === 'plain') return undefined;
  if (typeof value !== 'number' && typeof value !== 'bigint') return undefined;
  if (verdict === 'secret') return 'named-secret';
  return verdict === 'card' && isCardNumber(String(value)) ? 'card-number' : undefined;
};

type Key = string | number;

/** A search through one payload. */
interface Search {
  readonly findings: SecretFinding[];
  /** Names and places from the payload to where the search is. */
  readonly path: Key[];
  readonly above: object[];
}

const pathText = (path: readonly Key[]): string => {
  const text = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('');
  // Names of a payload can be data too.
  return text === '' ? '(payload)' : redactText(text.replace(/^\./, ''), 200);
};

const report = ({ findings, path }: Search, kind: SecretKind): void => {
  if (findings.length < MOST_FINDINGS) findings.push({ path: pathText(path), kind });
};

const SHORTEST_TELLING_NAME = 16;

const visitField = (name: string, value: unknown, search: Search): void => {
  search.path.push(name);
  const kind = name.length >= SHORTEST_TELLING_NAME ? kindOfText(name, 'plain') : undefined;
  if (kind !== undefined) report(search, kind);
  visit(value, judgeName(name), search);
  search.path.pop();
};

/** Elements of a list count as named like the list. */
const visitList = (list: Iterable<unknown>, verdict: NameVerdict, search: Search): void => {
  let index = 0;
  for (const value of list) {
    search.path.push(index);
    visit(value, verdict, search);
    search.path.pop();
    index += 1;
  }
};

const visitInside = (value: object, verdict: NameVerdict, search: Search): void => {
  if (Array.isArray(value) || value instanceof Set) {
    visitList(value, verdict, search);
  } else if (value instanceof Uint8Array) {
    visit(Buffer.from(value).toString('latin1'), verdict, search);
  } else if (value instanceof Map) {
    for (const [name, one] of value) visitField(String(name), one, search);
  } else {
    for (const name in value)
      if (Object.hasOwn(value, name)) visitField(name, Reflect.get(value, name), search);
  }
};

const visit = (value: unknown, verdict: NameVerdict, search: Search): void => {
  if (typeof value !== 'object' || value === null) {
    const kind = kindOf(value, verdict);
    if (kind !== undefined) report(search, kind);
    return;
  }
  if (search.above.length >= DEEPEST) throw tooDeep(search.path);
  if (search.above.includes(value)) return;
  search.above.push(value);
  visitInside(value, verdict, search);
  search.above.pop();
};

const tooDeep = (path: readonly Key[]): EsteiraError =>
  new EsteiraError(
    'ESTEIRA_PAYLOAD_INVALID',
    `a payload is nested deeper than ${DEEPEST} levels below ${String(path[0])}: send it flatter`,
  );

/**
 * Finds what looks like a secret in a payload, by the names of its fields and the shape of its values; at most 20.
 * Identifiers, hashes, dates, e-mail addresses and telephone numbers are none.
 *
 * @throws EsteiraError ESTEIRA_PAYLOAD_INVALID where the payload is nested deeper than 200 levels.
 */
export const findSecrets = (value: unknown): readonly SecretFinding[] => {
  const search: Search = { findings: [], path: [], above: [] };
  visit(value, 'plain', search);
  return search.findings;
};

/**
 * Refuses a payload that holds what looks like a secret.
 *
 * @throws EsteiraError ESTEIRA_PAYLOAD_HOLDS_SECRET naming paths and kinds, never values.
 */
export const assertNoSecrets = (value: unknown, where: string): void => {
  const findings = findSecrets(value);
  if (findings.length === 0) return;
  const paths = findings.map(({ path, kind }) => `${path} (${kind})`);
  throw new EsteiraError(
    'ESTEIRA_PAYLOAD_HOLDS_SECRET',
    `${where} holds what looks like a secret: ${paths.join(', ')}; send a reference such as a vault path and read the secret in the handler`,
    { facts: { paths } },
  );
};
