/** Any JSON value, as Avro schemas are written in. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * An Avro record and the TypeScript type generated from it (`esteira schemas generate`). The type parameter exists
 * only for the compiler; at run time a contract is its name and its schema.
 */
export interface AvroContract<T> {
  /** The full Avro name, e.g. `condominium.events.InvoicePaid`; also the registry subject. */
  readonly name: string;
  readonly schema: Json;
  /** Never set: carries the type. */
  readonly _type?: T;
}
