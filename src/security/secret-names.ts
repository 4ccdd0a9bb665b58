/** How sure a name makes us that its value is a secret; `card` when it names a payment card. */
export type NameVerdict = 'secret' | 'maybe' | 'card' | 'plain';

/** Names whose last word says it all, in English, Portuguese and Spanish. */
const SECRET_WORDS: ReadonlySet<string> = new Set(
  'password passwd pwd passphrase passcode senha contrasena secret secrets credential credentials apikey cvv cvc cvv2 connectionstring mnemonic privatekey secretkey accesskey accesstoken refreshtoken authtoken clientsecret'.split(
    ' ',
  ),
);

/** Last two words that make a secret only together. */
const SECRET_PAIRS: ReadonlySet<string> = new Set(
  'api-key api-secret api-token private-key secret-key access-key account-key signing-key encryption-key master-key access-token refresh-token auth-token bearer-token session-token id-token client-secret connection-string password-hash seed-phrase security-code user-password secret-token'.split(
    ' ',
  ),
);

/** Last words of secrets and of harmless things alike: their values decide. */
const MAYBE_WORDS: ReadonlySet<string> = new Set(
  'token jwt cookie cookies authorization auth session bearer'.split(' '),
);

/** What before `token` makes it harmless: a place in a list, or an address of a device. */
const HARMLESS_TOKENS: ReadonlySet<string> = new Set(
  'page next previous continuation cursor sync device push fcm apns fencing resume public idempotency'.split(
    ' ',
  ),
);

const CARD_NAME =
  /(?:card|cartao|cartão|tarjeta)[-]?(?:number|no|numero|número|num|pan)?$|^(?:pan|ccnumber|cc-number)$/;

/** `clientSecret`, `client_secret` and `CLIENT-SECRET` are the same words. */
const wordsOf = (name: string): readonly string[] =>
  name
    .slice(0, 200)
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .split(/[^\p{L}\d]+/u)
    .filter((word) => word !== '');

const judge = (name: string): NameVerdict => {
  const words = wordsOf(name);
  const last = words.at(-1) ?? '';
  const before = words.at(-2) ?? '';
  if (SECRET_WORDS.has(last) || SECRET_PAIRS.has(`${before}-${last}`)) return 'secret';
  if (CARD_NAME.test(words.slice(-2).join('-'))) return 'card';
  if (MAYBE_WORDS.has(last) && !HARMLESS_TOKENS.has(before)) return 'maybe';
  return 'plain';
};

const MOST_REMEMBERED = 5_000;
const remembered = new Map<string, NameVerdict>();

/** What the name of a field says about its value. Only the end of a name counts: `secretId` and `tokenCount` are plain. */
export const judgeName = (name: string): NameVerdict => {
  const known = remembered.get(name);
  if (known !== undefined) return known;
  const verdict = judge(name);
  // Field names are few; a payload with names made of data must not grow this without bound.
  if (remembered.size < MOST_REMEMBERED) remembered.set(name, verdict);
  return verdict;
};
