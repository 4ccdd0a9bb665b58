import { z } from 'zod';

const sample = z.object({
  metric: z.record(z.string(), z.string()),
  value: z.tuple([z.number(), z.string()]),
});
const queried = z.object({
  status: z.literal('success'),
  data: z.object({ resultType: z.literal('vector'), result: z.array(sample) }),
});
const rules = z.object({
  data: z.object({
    groups: z.array(
      z.object({
        rules: z.array(z.object({ name: z.string(), health: z.string(), lastError: z.string().optional() })),
      }),
    ),
  }),
});
const names = z.object({ data: z.array(z.string()) });

/** A series as a query gives it. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Asks a Prometheus. */
export interface PrometheusApi {
  /** What an expression gives now. Throws with Prometheus' own words when it is no valid one. */
  query(expr: string): Promise<readonly Series[]>;
  /** The values that a label has in the series of a selector. */
  labelValues(label: string, selector: string): Promise<readonly string[]>;
  /** All rules that are loaded, with how their last evaluation went. */
  rules(): Promise<readonly { readonly name: string; readonly health: string }[]>;
}

/** The API of the Prometheus at this address. */
export const prometheusApi = (url: string): PrometheusApi => {
  const get = async (path: string, parameters: Readonly<Record<string, string>>): Promise<unknown> => {
    const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`, {
      signal: AbortSignal.timeout(10_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${JSON.stringify(parameters)}: ${text}`);
    return JSON.parse(text);
  };
  return {
    query: async (expr) =>
      queried
        .parse(await get('query', { query: expr }))
        .data.result.map(({ metric, value: [, text] }) => ({ labels: metric, value: Number(text) })),
    labelValues: async (label, selector) =>
      names.parse(await get(`label/${label}/values`, { 'match[]': selector })).data,
    rules: async () => rules.parse(await get('rules', {})).data.groups.flatMap(({ rules: loaded }) => loaded),
  };
};
