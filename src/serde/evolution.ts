import type { Json } from '../core/contract.ts';
import { readerType, writerSchema } from './avro-type.ts';
import { recordReader } from './record-reader.ts';

/** An older version of a subject. */
export interface EarlierVersion {
  readonly version: number;
  readonly schema: Json;
}

/**
 * Why a schema does not fit earlier versions, in both directions and with all of them (FULL_TRANSITIVE), judged by the
 * very code that will read the records. Empty when it fits.
 */
export const evolutionProblems = (
  name: string,
  schema: Json,
  earlier: readonly EarlierVersion[],
): readonly string[] =>
  earlier.flatMap(({ version, schema: old }) => {
    const forward = readingProblem(name, old, schema);
    const backward = readingProblem(name, schema, old);
    return [
      ...(backward === undefined ? [] : [`it cannot read version ${version}: ${backward}`]),
      ...(forward === undefined ? [] : [`version ${version} cannot read it: ${forward}`]),
    ];
  });

const readingProblem = (name: string, reader: Json, writer: Json): string | undefined => {
  const { type, problem } = readerType({ name, schema: reader });
  if (type === undefined) return problem;
  const built = recordReader(type, writerSchema(0, writer));
  return built.ok ? undefined : built.problem;
};
