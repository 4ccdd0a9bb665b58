import { defineJob } from '../../../src/index.ts';
import { aiActionConfirmed } from '../events.ts';
import type { AIActionConfirmed } from '../generated/ai-action-confirmed.ts';
import { type EmbeddingParts, embedDocuments } from '../use-cases/embed-documents.ts';

/** AI: embeds the documents of a confirmed action, and does nothing else. */
export const embedDocumentsJob = (parts: EmbeddingParts) => {
  const embed = embedDocuments(parts);
  return defineJob<AIActionConfirmed>({
    type: 'embed-documents',
    kind: 'ai',
    on: aiActionConfirmed,
    queue: 'ai',
    order: 'none',
    idempotencyKey: ({ actionId }) => actionId,
    retry: { attempts: 3, backoff: ['100ms', '300ms'] },
    run: ({ documentIds }, { tenant, signal }) => embed(tenant, documentIds, signal),
  });
};
