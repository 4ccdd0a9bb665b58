import { once } from 'node:events';
import { createServer } from 'node:http';
import { z } from 'zod';
import { decodeTraces } from './otlp-protobuf.ts';

const attribute = z.object({ key: z.string(), value: z.record(z.string(), z.unknown()) });
const span = z.object({
  name: z.string(),
  kind: z.number(),
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  attributes: z.array(attribute).default([]),
  links: z
    .array(z.object({ traceId: z.string(), spanId: z.string(), attributes: z.array(attribute).default([]) }))
    .default([]),
  events: z.array(z.object({ name: z.string(), attributes: z.array(attribute).default([]) })).default([]),
  status: z.object({ code: z.number().optional(), message: z.string().optional() }).default({}),
});
const exported = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: z.array(attribute).default([]) }),
      scopeSpans: z.array(z.object({ spans: z.array(span) })),
    }),
  ),
});

export type CollectedSpan = z.infer<typeof span>;

/** Attributes by name, without the names of their types. */
export const plainAttributes = (attributes: CollectedSpan['attributes']): Readonly<Record<string, unknown>> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

/** Takes spans over OTLP/HTTP, as JSON or as protobuf, as a collector does. */
export interface OtlpCollector {
  readonly url: string;
  readonly spans: CollectedSpan[];
  /** The content types of what came. */
  readonly contentTypes: Set<string>;
  /** Attributes of the resources the spans came from. */
  readonly resource: Map<string, unknown>;
  /** The HTTP status it answers with; undefined never answers. */
  status: number | undefined;
  close(): Promise<void>;
}

/** Starts a collector on loopback. */
export const startOtlpCollector = async (): Promise<OtlpCollector> => {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    if (collector.status === undefined) return;
    if (collector.status === 200) {
      const type = request.headers['content-type'] ?? '';
      const body = Buffer.concat(chunks);
      collector.contentTypes.add(type);
      const given = type === 'application/json' ? JSON.parse(body.toString()) : decodeTraces(body);
      for (const { resource, scopeSpans } of exported.parse(given).resourceSpans) {
        for (const { key, value } of resource.attributes)
          collector.resource.set(key, Object.values(value)[0]);
        collector.spans.push(...scopeSpans.flatMap(({ spans }) => spans));
      }
    }
    response.writeHead(collector.status, { 'content-type': 'application/json' }).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const collector: OtlpCollector = {
    url: `http://127.0.0.1:${port}`,
    spans: [],
    contentTypes: new Set(),
    resource: new Map(),
    status: 200,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return collector;
};
