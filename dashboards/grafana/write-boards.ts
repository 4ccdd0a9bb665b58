import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { boardFiles } from './boards.ts';

/** Writes `boards/*.json`, which Grafana imports; a test holds them against the code. */
const folder = join(import.meta.dirname, 'boards');
mkdirSync(folder, { recursive: true });
for (const [name, text] of boardFiles()) writeFileSync(join(folder, name), text);
