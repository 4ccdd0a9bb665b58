/**
 * Made-up secrets of each known form, put together at run time so that no file holds the form itself. `text` is a
 * sentence or value with the secret in it, `secret` the part that must not survive.
 */
export interface PlantedSecret {
  readonly what: string;
  readonly secret: string;
  readonly text: string;
}

const joined = (...parts: string[]): string => parts.join('');
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const base64url = (text: string): string => Buffer.from(text).toString('base64url');

const jwt = [
  base64url('{"alg":"HS256","typ":"JWT"}'),
  base64url('{"sub":"made-up","admin":true}'),
  'c2lnbmF0dXJlLW1hZGUtdXA',
].join('.');
const letters = 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8';

const plant = (
  what: string,
  secret: string,
  text = `call failed for ${secret} at step 3`,
): PlantedSecret => ({ what, secret, text });

export const PLANTED_SECRETS: readonly PlantedSecret[] = [
  plant('a GitHub token', joined('gh', 'p_', letters)),
  plant('a GitLab token', joined('glp', 'at-', letters.slice(0, 20))),
  plant('a Slack token', joined('xo', 'xb-', '123456789012-', letters)),
  plant(
    'a Slack web hook',
    joined('hooks.sl', 'ack.com/services/T00000000/B00000000/', letters.slice(0, 24)),
  ),
  plant('a Stripe key', joined('sk', '_live_', letters.slice(0, 24))),
  plant('a Stripe web hook secret', joined('wh', 'sec_', letters.slice(0, 32))),
  plant('a Google API key', joined('AI', 'za', letters.slice(0, 35))),
  plant('a Google OAuth token', joined('ya', '29.', letters)),
  plant('an AI provider key', joined('sk', '-proj-', letters)),
  plant('an npm token', joined('np', 'm_', letters)),
  plant('a mail provider key', joined('S', 'G.', letters.slice(0, 22), '.', letters, 'abcdefg')),
  plant(
    'a Mercado Pago token',
    joined('APP', '_USR-', '1234567890123456-010203-', 'ab12'.repeat(8), '-987654321'),
  ),
  plant('a Telegram bot token', joined('123456789', ':A', 'A', letters.slice(0, 33))),
  plant('a vault token', joined('hv', 's.', letters)),
  plant('an AWS access key id', joined('AK', 'IA', 'ABCD2345EFGH6789')),
  plant('an AWS secret key', joined('wJalrXUt', 'nFEMI/K7MDENG', '/bPxRfiCYzQ3R7', 'kLmN0')),
  plant('a JWT', jwt),
  plant('a bearer token', 'abc123def456', 'header was Authorization: Bearer abc123def456'),
  plant(
    'basic authentication',
    base64('ana:segredo-1'),
    `header was Authorization: Basic ${base64('ana:segredo-1')}`,
  ),
  plant(
    'credentials in an address',
    'svc:s3nha',
    'cannot connect to postgres://svc:s3nha@db.internal:5432/app',
  ),
  plant('a password without a user in an address', ':s3nha', 'cannot connect to redis://:s3nha@cache:6379'),
  plant(
    'a private key',
    'MIIEmadeup',
    '-----BEGIN RSA PRIVATE KEY-----\nMIIEmadeup\nabcd\n-----END RSA PRIVATE KEY-----',
  ),
  plant('a private key without its end', 'MIIEmadeup', 'bad key: -----BEGIN PRIVATE KEY-----\nMIIEmadeup'),
  plant('password=', 'hunter2!', 'login failed with password=hunter2! for user 7'),
  plant('a quoted password with a quote in it', 'hun\\"ter2', '{"user":"ana","password":"hun\\"ter2","n":1}'),
  plant('a password in JSON inside JSON', 'hunter22', '{"body":"{\\"password\\":\\"hunter22\\"}"}'),
  plant('senha:', 'abc12345', 'Sua senha: abc12345'),
  plant('an environment assignment', 'Zx9-q1w2e3', 'export DB_PASSWORD=Zx9-q1w2e3'),
  plant('a client secret in a query', 'q1w2e3r4t5', 'POST /token?grant=x&client_secret=q1w2e3r4t5&scope=all'),
  plant('an API key in YAML', 'k-12345-abc', 'api_key: k-12345-abc'),
  plant('a connection string', 'P@ss1word', 'Server=db;User Id=app;Password=P@ss1word;Encrypt=true'),
  plant('a grouped card number', '4111 1111 1111 1111', 'paid with 4111 1111 1111 1111 today'),
  plant('a named card number', '5555555555554444', 'card number 5555555555554444 was declined'),
];
