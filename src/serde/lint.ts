import { basename } from 'node:path';
import { avroProblem } from './avro-type.ts';
import { kebabCase } from './generate.ts';
import { readSchemaFiles, type SchemaFile } from './schema-files.ts';
import type { SchemaProblem } from './schema-model.ts';
import { readSchema } from './schema-reader.ts';

/** A breach of the subset, with the file it is in. */
export interface SchemaLint extends SchemaProblem {
  readonly file: string;
}

/**
 * Every breach of the subset (schemas/README.md) in these .avsc files; an empty list when there is none.
 *
 * @throws EsteiraError ESTEIRA_SCHEMA_INVALID when a file is not JSON.
 */
export const lintSchemas = async (files: readonly string[]): Promise<readonly SchemaLint[]> => {
  const read = await readSchemaFiles(files);
  const names = read.map((file) => readSchema(file.schema).record?.fullName);
  return read.flatMap((file, index) => {
    const problems = [...lintFile(file)];
    const twin = names.indexOf(names[index]);
    if (names[index] !== undefined && twin < index) {
      problems.push({
        path: names[index],
        problem: `is also defined by ${basename(read[twin]?.path ?? '')}`,
      });
    }
    return problems.map((problem) => ({ file: file.path, ...problem }));
  });
};

/** What the subset allows avsc may still refuse, such as a default of the wrong type. */
const lintFile = ({ path, schema }: SchemaFile): readonly SchemaProblem[] => {
  const { record, problems } = readSchema(schema);
  if (record === undefined || problems.length > 0) return problems;
  const expected = `${kebabCase(record.name)}.avsc`;
  const named =
    basename(path) === expected ? [] : [{ path: record.name, problem: `its file must be ${expected}` }];
  const unusable = avroProblem(schema);
  return unusable === undefined ? named : [...named, { path: record.name, problem: unusable }];
};
