/** Texts of documents. */
export interface Documents {
  read(tenant: string, documentId: string): Promise<string>;
}

/** Turns text into a vector. */
export interface EmbeddingModel {
  embed(text: string, signal: AbortSignal): Promise<readonly number[]>;
}

/** Vectors by tenant and document; putting the same one twice leaves one. */
export interface EmbeddingIndex {
  put(tenant: string, documentId: string, vector: readonly number[]): Promise<void>;
  /** Answers how many it removed. */
  removeOlderThan(tenant: string, days: number): Promise<number>;
}

export interface EmbeddingParts {
  readonly documents: Documents;
  readonly model: EmbeddingModel;
  readonly index: EmbeddingIndex;
}

/** Embeds documents, so that they can be found. It carries no action out: a person confirmed it, a person does it. */
export const embedDocuments =
  ({ documents, model, index }: EmbeddingParts) =>
  async (tenant: string, documentIds: readonly string[], signal: AbortSignal): Promise<void> => {
    for (const documentId of documentIds) {
      const text = await documents.read(tenant, documentId);
      await index.put(tenant, documentId, await model.embed(text, signal));
    }
  };
