import { classifyError } from '../core/classify.ts';
import { causeChain, errorFacts } from '../core/error-facts.ts';

/** What an error says of the provider: `failed`, it is not well; `declined`, it is, and will not do what was asked. */
export type ProviderVerdict = 'failed' | 'declined';

const TOO_MANY_REQUESTS = 429;
const REQUEST_TIMEOUT = 408;

/**
 * The default verdict: 4xx answers are `declined`, but for 408 and 429; errors that no retry can mend are `declined`;
 * everything else, time-outs and lost connections among it, is `failed`.
 */
export const judgeProviderError = (error: unknown): ProviderVerdict => {
  const status = causeChain(error)
    .map((link) => errorFacts(link).status)
    .find((found) => found !== undefined);
  if (status !== undefined && status < 500) {
    return status === TOO_MANY_REQUESTS || status === REQUEST_TIMEOUT ? 'failed' : 'declined';
  }
  const errorClass = classifyError(error);
  return errorClass === 'unrecoverable' || errorClass === 'integrity' ? 'declined' : 'failed';
};
