import { describe, expect, test } from 'vitest';
import {
  actorOf,
  type FileIdentityParts,
  fileIdentity,
  requireRole,
} from '../../../src/security/identity.ts';

const FILE = 'esteira.operators.json';
const file = JSON.stringify({
  operators: {
    asilva: { name: 'ana', roles: ['viewer', 'operator'] },
    bcosta: { name: 'bruno', roles: ['approver'] },
  },
});

const asked = (changes: Partial<FileIdentityParts>) => {
  const warnings: string[] = [];
  const identity = fileIdentity({
    ...{ text: file, file: FILE, osUser: 'asilva', production: false },
    warn: (message) => warnings.push(message),
    ...changes,
  });
  return { who: identity.whoRuns(), warnings };
};

describe('with an operators file', () => {
  test('who runs a command is who the file says its user is, with those roles', async () => {
    const { who, warnings } = asked({ production: true });
    expect(await who).toEqual({ name: 'ana', roles: ['viewer', 'operator'], isKnown: true });
    expect(warnings).toEqual([]);
  });

  test.each(['mallory', 'toString', '__proto__'])(
    'a user that is not in it (%s) is refused',
    async (osUser) => {
      await expect(asked({ osUser }).who).rejects.toMatchObject({ code: 'ESTEIRA_OPERATOR_REFUSED' });
    },
  );

  test.each([
    ['no JSON', '{', /not JSON/],
    ['an unknown role', '{"operators":{"a":{"name":"a","roles":["root"]}}}', /operators\.a\.roles/],
    [
      'two users of one name, who could agree to their own wishes',
      '{"operators":{"a":{"name":"x","roles":["operator"]},"b":{"name":"x","roles":["approver"]}}}',
      /two users are called x/,
    ],
  ])('a file with %s lets nobody do anything', async (_, text, message) => {
    await expect(asked({ text }).who).rejects.toMatchObject({
      code: 'ESTEIRA_CONFIG_INVALID',
      message: expect.stringMatching(message),
    });
  });
});

describe('without a file', () => {
  test('everybody may in development, with a warning', async () => {
    const { who, warnings } = asked({ text: undefined });
    expect(await who).toMatchObject({ name: 'asilva', isKnown: false });
    expect(warnings).toHaveLength(1);
  });

  test('nobody may in production, and is told what to write', async () => {
    await expect(asked({ text: undefined, production: true }).who).rejects.toMatchObject({
      code: 'ESTEIRA_OPERATOR_REFUSED',
      message: expect.stringContaining('{"operators": {"asilva"'),
    });
  });
});

test('who lacks a role is told which', async () => {
  const ana = await asked({}).who;
  expect(() => requireRole(ana, 'operator', 'pause')).not.toThrow();
  expect(() => requireRole(ana, 'approver', 'approve a plan')).toThrow('ana may not approve a plan');
});

test('an option may say another name only where nobody vouches for the first', () => {
  const ana = { name: 'ana', roles: [], isKnown: true };
  expect(actorOf(ana, undefined)).toBe('ana');
  expect(actorOf(ana, 'ana')).toBe('ana');
  expect(() => actorOf(ana, 'bruno')).toThrow('you are ana');
  expect(actorOf({ ...ana, isKnown: false }, 'bruno')).toBe('bruno');
});
