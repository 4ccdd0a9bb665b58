import type { EmbeddingIndex, EmbeddingParts } from '../use-cases/embed-documents.ts';
import { noTrouble, type Trouble } from './trouble.ts';

/** Vectors in memory. */
export interface MemoryIndex extends EmbeddingIndex {
  readonly vectors: ReadonlyMap<string, readonly number[]>;
}

const DIMENSIONS = 8;

/** Counts letters: enough of a model for an example, and the same text gives the same vector. */
const toVector = (text: string): readonly number[] => {
  const vector = Array.from({ length: DIMENSIONS }, () => 0);
  for (const letter of text) {
    const place = (letter.codePointAt(0) ?? 0) % DIMENSIONS;
    vector[place] = (vector[place] ?? 0) + 1;
  }
  return vector;
};

/** Documents, a model and an index, all in memory. `trouble` is asked by document. */
export const createEmbeddings = (
  trouble: Trouble = noTrouble,
): EmbeddingParts & { readonly index: MemoryIndex } => {
  const vectors = new Map<string, readonly number[]>();
  return {
    documents: { read: async (tenant, documentId) => `${documentId} of ${tenant}` },
    model: {
      embed: async (text) => {
        trouble(text.split(' ')[0] ?? '');
        return toVector(text);
      },
    },
    index: {
      vectors,
      put: async (tenant, documentId, vector) => {
        vectors.set(`${tenant}/${documentId}`, vector);
      },
      removeOlderThan: async () => 0,
    },
  };
};
