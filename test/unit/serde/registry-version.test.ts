import { expect, test } from 'vitest';
import type { Json } from '../../../src/core/contract.ts';
import { versionOfServer } from '../../../src/serde/registry-version.ts';

const BASE = 'http://registry:8081/apis/ccompat/v7';
const answering = (answers: Record<string, Json>) => async (url: string) =>
  url in answers ? { status: 200, body: answers[url] } : { status: 404, body: undefined };

test("Confluent's registry says its version below its API", async () => {
  const ask = answering({ [`${BASE}/v1/metadata/version`]: { version: '7.9.0', commitId: 'c' } });
  expect(await versionOfServer(BASE, ask)).toBe('7.9.0');
});

test("Apicurio's says name and version beside its API", async () => {
  const info = { name: 'Apicurio Registry', version: '3.0.9' };
  const ask = answering({ 'http://registry:8081/apis/registry/v3/system/info': info });
  expect(await versionOfServer(BASE, ask)).toBe('Apicurio Registry 3.0.9');
});

test('a registry that says nothing, or something else, has no known version', async () => {
  expect(await versionOfServer(BASE, answering({}))).toBeUndefined();
  const odd = answering({ [`${BASE}/v1/metadata/version`]: ['7'] });
  expect(await versionOfServer(BASE, odd)).toBeUndefined();
});
