import { isCardNumber, isGroupedLikeACard } from './card-number.ts';
import { FEATURE } from './text-features.ts';
import { isBasicPair, looksRandom } from './token-shape.ts';

/** What a secret is by its shape. */
export type SecretKind =
  | 'private-key'
  | 'jwt'
  | 'provider-token'
  | 'aws-key'
  | 'url-credentials'
  | 'bearer-token'
  | 'basic-auth'
  | 'named-secret'
  | 'cookie'
  | 'random-token'
  | 'card-number'
  | 'email';

/** How sure a match is: `refuse` is sure enough to refuse a payload, `redact` only to hide a text. */
export type Confidence = 'refuse' | 'redact';

/** One shape. Every expression is linear: each quantifier is bounded, or starts only where no match could have started before. */
export interface SecretRule {
  readonly kind: SecretKind;
  /** Features without which a text cannot match. */
  readonly needs: number;
  readonly pattern: RegExp;
  /** Never sure enough to refuse a payload. */
  readonly redactOnly?: true;
  /** Number of the group to hide; default 0, the whole match. Groups need the `d` flag. */
  readonly group?: number;
  /** Undefined: not a secret after all. Default `refuse`. */
  readonly judge?: (match: RegExpMatchArray, before: string) => Confidence | undefined;
}

const providerTokens = [
  'gh[pousr]_[A-Za-z0-9]{30,251}',
  'github_pat_[A-Za-z0-9_]{22,251}',
  'glpat-[A-Za-z0-9_-]{20,100}',
  'xox[abeoprs]-[A-Za-z0-9-]{11,250}',
  'xapp-\\d-[A-Za-z0-9-]{20,250}',
  '(?:sk|rk|ak)_(?:live|test|prod)_[A-Za-z0-9_]{8,250}',
  'whsec_[A-Za-z0-9+/=]{20,100}',
  'AIza[A-Za-z0-9_-]{30,45}',
  'ya29\\.[A-Za-z0-9_-]{20,500}',
  'GOCSPX-[A-Za-z0-9_-]{20,60}',
  'sk-(?:proj|svcacct|admin|ant|or)-[A-Za-z0-9_-]{16,300}',
  'sk-[A-Za-z0-9]{32,100}',
  'npm_[A-Za-z0-9]{36}',
  'pypi-[A-Za-z0-9_-]{50,300}',
  'SG\\.[A-Za-z0-9_-]{16,64}\\.[A-Za-z0-9_-]{16,64}',
  'shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}',
  'do[opr]_v1_[a-f0-9]{64}',
  'hv[sbr]\\.[A-Za-z0-9_-]{20,300}',
  'dapi[a-f0-9]{32}',
  'lin_api_[A-Za-z0-9]{30,60}',
  'hf_[A-Za-z0-9]{30,60}',
  'sq0(?:atp|csp|idp)-[A-Za-z0-9_-]{22,60}',
  '(?:APP_USR|TEST)-\\d{8,20}-\\d{6}-[A-Fa-f0-9]{32}-\\d{1,20}',
  '\\d{8,10}:AA[A-Za-z0-9_-]{32,36}',
  'EAA[A-Za-z0-9]{80,400}',
  'AGE-SECRET-KEY-1[A-Z0-9]{50,70}',
];

/** Two web hook addresses that let anyone post who has them. */
const webhooks = [
  'hooks\\.slack\\.com/(?:services|workflows)/[A-Za-z0-9/_-]{20,120}',
  'discord(?:app)?\\.com/api/webhooks/\\d{10,25}/[A-Za-z0-9_-]{40,90}',
];

const SECRET_NAME =
  'password|passwd|passphrase|passcode|pwd|senha|contrase[nñ]a|secret|credentials?|api[_-]?key|access[_-]?key|account[_-]?key|private[_-]?key|signing[_-]?key|encryption[_-]?key|token(?!s)|connection[_-]?string|cvv2?|cvc';

const NAME_TAIL = '(?:[_-]?(?:value|key|hash|base|text|\\d{1,3})){0,2}';
const ASSIGNED = '\\\\{0,4}["\']?\\s{0,4}(?:=>|[:=])\\s{0,4}';

/** A value in escaped quotes (JSON inside JSON), in double quotes, in single quotes, or up to the next separator. */
const SECRET_VALUES = [
  '\\\\{1,4}["\']([^"\'\\\\]{1,20000})',
  '"((?:[^"\\\\]|\\\\[^]){1,20000})',
  "'([^'\\r\\n]{1,20000})",
  '([^\\s,;&"\'<>{}()[\\]\\\\]+)',
];

/** Texts such as `password: required` or `password: https://…` speak of a secret without holding one. */
const holdsMoreThanAWord = (text: string): boolean =>
  text.length >= 6 && !/^https?:\/\//i.test(text) && /[\d!@#$%^&*+/=~]/.test(text);

const CARD_WORD = /(?:card|cart[aã]o|tarjeta|visa|master|amex|\belo\b|pan\b)[^\d]{0,24}$/i;

const judgeCard = ([text]: RegExpMatchArray, before: string): Confidence | undefined => {
  const grouped = isGroupedLikeACard(text);
  if (!grouped && !/^\d+$/.test(text)) return undefined;
  if (!isCardNumber(text.replaceAll(/\D/g, ''))) return undefined;
  // One in ten numbers passes Luhn: bare digits are refused only where something says card.
  return grouped || CARD_WORD.test(before) ? 'refuse' : 'redact';
};

const AWS_SECRET_LENGTH = 40;

const judgeToken = ([token]: RegExpMatchArray): Confidence | undefined => {
  if (/^[0-9a-f]{64,}$/i.test(token)) return 'redact';
  if (!looksRandom(token)) return undefined;
  return token.length === AWS_SECRET_LENGTH && /^[A-Za-z0-9+/]*[+/][A-Za-z0-9+/]*$/.test(token)
    ? 'refuse'
    : 'redact';
};

/** Every shape that is known. */
export const SECRET_RULES: readonly SecretRule[] = [
  {
    kind: 'private-key',
    needs: FEATURE.rule,
    pattern:
      /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)/g,
  },
  {
    kind: 'jwt',
    needs: FEATURE.run16 | FEATURE.dot,
    pattern: /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{13,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,3}/g,
  },
  {
    kind: 'provider-token',
    needs: FEATURE.run16,
    pattern: new RegExp(`(?<![A-Za-z0-9])(?:${[...providerTokens, ...webhooks].join('|')})`, 'g'),
  },
  {
    kind: 'aws-key',
    needs: FEATURE.run16,
    pattern: /(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])/g,
  },
  {
    kind: 'url-credentials',
    needs: FEATURE.assign | FEATURE.at,
    pattern: /:\/\/([^\s/:@"'<>]{0,256}:[^\s/@"'<>]{1,512})@/dg,
    group: 1,
  },
  {
    kind: 'bearer-token',
    needs: FEATURE.space,
    pattern: /\bbearer\s{1,4}([A-Za-z0-9._~+/-]{8,2000}={0,2})/dgi,
    group: 1,
    judge: ([, token = '']) => (/\d/.test(token) || token.length >= 24 ? 'refuse' : undefined),
  },
  {
    kind: 'basic-auth',
    needs: FEATURE.space,
    pattern: /\bbasic\s{1,4}([A-Za-z0-9+/]{6,1000}={0,2})/dgi,
    group: 1,
    judge: ([, pair = '']) => (isBasicPair(pair) ? 'refuse' : undefined),
  },
  {
    kind: 'cookie',
    needs: FEATURE.assign,
    pattern: /\b(?:set-)?cookie["']?\s{0,4}[:=]\s{0,4}([^\r\n"']{4,8000})/dgi,
    group: 1,
    redactOnly: true,
  },
  {
    kind: 'named-secret',
    needs: FEATURE.assign,
    pattern: new RegExp(`(?:${SECRET_NAME})${NAME_TAIL}${ASSIGNED}(?:${SECRET_VALUES.join('|')})`, 'dgi'),
    judge: (match) =>
      holdsMoreThanAWord(match.slice(1).find((value) => value !== undefined) ?? '') ? 'refuse' : 'redact',
  },
  {
    kind: 'random-token',
    needs: FEATURE.run32,
    pattern: /(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{32,}={0,2}/g,
    judge: judgeToken,
  },
  {
    kind: 'card-number',
    needs: FEATURE.digits14,
    pattern: /(?<![\w.-])\d{4}[ -]?\d(?:[ -]?\d){7,13}(?![\w])/g,
    judge: judgeCard,
  },
  {
    kind: 'email',
    needs: FEATURE.at | FEATURE.dot,
    pattern: /(?<=([^\s@<>"'(),:;=[\]\\]{1,64}))@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,8}/gu,
    redactOnly: true,
  },
];
