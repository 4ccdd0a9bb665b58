import { expect, test } from 'vitest';
import { lintSchemas, loadSchemaProject, staleFiles } from '../../../src/serde/index.ts';

const project = await loadSchemaProject('bench/schemas/esteira.schemas.json');

test('the schema of the benchmarks is in the allowed subset of Avro', async () => {
  expect(await lintSchemas(project.files)).toEqual([]);
});

test.each(project.outputs)(
  'its TypeScript is up to date (else run `esteira schemas generate`)',
  async (output) => {
    expect(await staleFiles(output)).toEqual([]);
  },
);
