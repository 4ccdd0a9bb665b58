import type { EmbeddingIndex } from './embed-documents.ts';

const LEAST_DAYS = 30;

/** Removes old vectors of a condominium; never younger ones than the retention policy allows. */
export const cleanUpEmbeddings =
  (index: EmbeddingIndex) =>
  async (tenant: string, olderThanDays: number): Promise<void> => {
    await index.removeOlderThan(tenant, Math.max(LEAST_DAYS, olderThanDays));
  };
