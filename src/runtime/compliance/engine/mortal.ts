/** Something of a process that can die. */
export interface Mortal<T> {
  readonly alive: T;
  /** From now on none of its calls is made, or answers. */
  die(): void;
}

const never = (): Promise<never> => new Promise(() => undefined);

/** Puts a client into a process that can die: what it calls then goes nowhere, as after SIGKILL. */
export const mortal = <T extends object>(client: T): Mortal<T> => {
  let dead = false;
  const wrap = <O extends object>(target: O): O =>
    new Proxy(target, {
      get: (own, name) => {
        const value: unknown = Reflect.get(own, name);
        if (typeof value === 'function')
          return (...given: unknown[]): unknown => (dead ? never() : Reflect.apply(value, own, given));
        return typeof value === 'object' && value !== null ? wrap(value) : value;
      },
    });
  return {
    alive: wrap(client),
    die: () => {
      dead = true;
    },
  };
};
