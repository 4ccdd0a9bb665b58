import { type ErrorCode, EsteiraError } from '../../../core/errors.ts';
import { type Place, placeInError } from './place-in-sql.ts';

/** An error of a query, which says where in the SQL. */
export const queryError = (code: ErrorCode, says: string, place?: Place, cause?: unknown): EsteiraError =>
  new EsteiraError(
    code,
    place === undefined ? says : `${says} (line ${place.line}, column ${place.column})`,
    { facts: { ...place }, ...(cause === undefined ? {} : { cause }) },
  );

/** DuckDB begins each message with the kind of the error. */
const OUT_OF_MEMORY = /^Out of Memory Error/;
/** What the disk says; nothing is wrong with the SQL. */
const DAMAGED = /^IO Error/;
const NOT_ALLOWED = /^(Permission Error|TransactionContext Error)/;

/**
 * DuckDB's error as one of ours: by its kind, which is the only thing it gives besides its text. Where that text is told,
 * the error is no cause besides: it would be told twice.
 */
export const errorOfQuery = (sql: string, error: unknown): EsteiraError => {
  const message = error instanceof Error ? error.message : String(error);
  const { says, place } = placeInError(sql, message.replace('Failed to extract statements: ', ''));
  if (OUT_OF_MEMORY.test(says))
    return queryError(
      'ESTEIRA_QUERY_LIMIT',
      'the query needs more memory than the projection has: aggregate before you join or sort, or look at fewer days',
      undefined,
      error,
    );
  if (DAMAGED.test(says)) return queryError('ESTEIRA_PROJECTION_UNAVAILABLE', says);
  const code = NOT_ALLOWED.test(says) ? 'ESTEIRA_QUERY_REFUSED' : 'ESTEIRA_QUERY_INVALID';
  return queryError(code, says, place);
};
