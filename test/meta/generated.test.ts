import { describe, expect, it } from 'vitest';
import { lintSchemas, loadSchemaProject, renderSchemas, staleFiles } from '../../src/serde/index.ts';

const project = await loadSchemaProject('schemas/esteira.schemas.json');

describe('the schemas of this repository', () => {
  it('are in the allowed subset of Avro', async () => {
    expect(project.files.length).toBeGreaterThan(0);
    expect(await lintSchemas(project.files)).toEqual([]);
  });

  it.each(project.outputs)(
    'have their TypeScript up to date: $namespaces (else run `esteira schemas generate`)',
    async (output) => {
      expect(await staleFiles(output)).toEqual([]);
    },
  );

  it('are all generated, each by one output', async () => {
    const namespaces = project.outputs.flatMap((output) => output.namespaces ?? []);
    expect(new Set(namespaces).size).toBe(namespaces.length);
    const rendered = await Promise.all(project.outputs.map((output) => renderSchemas(output)));
    expect(rendered.flat()).toHaveLength(project.files.length);
  });
});
