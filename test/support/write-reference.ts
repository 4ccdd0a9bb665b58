import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemContext } from '../../src/cli/context.ts';
import { GENERATED_FROM_HERE, renderReference, renderSchemas } from '../../src/cli/manual/reference.ts';
import { createProgram } from '../../src/cli/program.ts';
import { ROOT } from './source-files.ts';

/** Writes the generated part of docs/reference: `npm run docs`. What stands above its mark stays. */
const program = createProgram(systemContext(), '0', () => undefined);
const reference = join(ROOT, 'docs/reference');

const page = join(reference, 'cli.md');
const [byHand = ''] = readFileSync(page, 'utf8').split(GENERATED_FROM_HERE);
writeFileSync(page, `${byHand.trimEnd()}\n\n${GENERATED_FROM_HERE}\n\n${renderReference(program)}\n`);

const schemas = join(reference, 'json');
rmSync(schemas, { recursive: true, force: true });
mkdirSync(schemas);
for (const [name, schema] of renderSchemas(program)) writeFileSync(join(schemas, name), schema);
