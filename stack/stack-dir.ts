import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of these files: `pom.xml`, the cache and the record of the running stack are in it. */
export const STACK_DIR = dirname(fileURLToPath(import.meta.url));
