/** Trouble on purpose: throws when a call about `key` is to fail. */
export type Trouble = (key: string) => void;

/** All goes well. */
export const noTrouble: Trouble = () => undefined;

/** The first `times` calls about a key fail with what `makeError` makes. */
export const failFirst = (
  times: Readonly<Record<string, number>>,
  makeError: (key: string) => Error,
): Trouble => {
  const left = new Map(Object.entries(times));
  return (key) => {
    const count = left.get(key) ?? 0;
    if (count === 0) return;
    left.set(key, count - 1);
    throw makeError(key);
  };
};

/** An error as an HTTP client throws it. */
export const httpError = (status: number, message: string): Error =>
  Object.assign(new Error(message), { status });
