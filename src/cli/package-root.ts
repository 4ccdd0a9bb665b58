import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const Manifest = z.looseObject({ name: z.string(), version: z.string() });

const readManifest = async (folder: string): Promise<z.infer<typeof Manifest> | undefined> => {
  const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : Manifest.safeParse(JSON.parse(text)).data;
};

/** Where this package lies, as source or as built, and its version. */
export const packageRoot = async (): Promise<{ readonly folder: string; readonly version: string }> => {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const manifest = await readManifest(folder);
    if (manifest?.name === 'esteira') return { folder, version: manifest.version };
    if (folder === dirname(folder)) return { folder, version: 'unknown' };
  }
};
