import { z } from 'zod';
import { defineJob } from '../../../src/index.ts';
import { cleanUpEmbeddings } from '../use-cases/clean-up-embeddings.ts';
import type { EmbeddingIndex } from '../use-cases/embed-documents.ts';

const payload = z.object({ olderThanDays: z.number().int().positive() });

/** System: technical upkeep, asked for by dispatch. */
export const cleanupExpiredEmbeddingsJob = (index: EmbeddingIndex) => {
  const cleanUp = cleanUpEmbeddings(index);
  return defineJob<z.output<typeof payload>>({
    type: 'cleanup-expired-embeddings',
    kind: 'system',
    payload,
    order: 'none',
    retry: { attempts: 3, backoff: ['300ms', '1s'] },
    run: ({ olderThanDays }, { tenant }) => cleanUp(tenant, olderThanDays),
  });
};
