import { z } from 'zod';
import type { RegistryAnswer } from './registry-transport.ts';

const VersionAnswer = z.object({ version: z.string(), name: z.string().optional() });

/** Where the registries we know say their version: Confluent's below its API, Apicurio's beside it. */
const placesOf = (base: string): readonly string[] => [
  `${base}/v1/metadata/version`,
  `${new URL(base).origin}/apis/registry/v3/system/info`,
];

/** The version a registry says it has, with its name where it says that too; undefined when it says nothing. */
export const versionOfServer = async (
  base: string,
  ask: (url: string) => Promise<RegistryAnswer>,
): Promise<string | undefined> => {
  for (const place of placesOf(base)) {
    const { status, body } = await ask(place);
    const told = VersionAnswer.safeParse(body);
    if (status === 200 && told.success) return [told.data.name, told.data.version].join(' ').trim();
  }
  return undefined;
};
