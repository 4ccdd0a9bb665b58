import registryApi from '@kafkajs/confluent-schema-registry/dist/api/index.js';
import type { z } from 'zod';
import type { Json } from '../core/contract.ts';
import { EsteiraError } from '../core/errors.ts';
import {
  AnyAnswer,
  CompatibleAnswer,
  expectAnswer,
  IdAnswer,
  LevelAnswer,
  RegisteredAnswer,
  refusalOf,
  SchemaAnswer,
  schemaJson,
} from './registry-answer.ts';
import { type RegistryAnswer, sendToRegistry, type TransportOptions } from './registry-transport.ts';
import { versionOfServer } from './registry-version.ts';

/** How to reach a registry that speaks the Confluent API. */
export interface RegistryOptions {
  /** The base of the API with its path, e.g. `http://localhost:8081/apis/ccompat/v7`; may hold user and password. */
  readonly url: string;
  readonly user?: string;
  readonly password?: string;
  /** Longest time for one answer, ms; default 3,000. */
  readonly deadlineMs?: number;
}

/** A schema as it is in a registry. */
export interface RegisteredSchema {
  readonly id: number;
  readonly version: number;
  readonly schema: Json;
}

/** Node gives a CommonJS default export inside a default; bundlers and test runners unwrap it. */
const createApi = typeof registryApi === 'function' ? registryApi : registryApi.default;

type Api = ReturnType<typeof registryApi.default>;

/**
 * The calls of the Confluent API that Esteira makes. Requests are built by @kafkajs/confluent-schema-registry and
 * sent by our own transport, which stands in for the package's whole response chain: that one retries on a schedule
 * shared by all clients of the process, has no deadline, hides the body of an error, and never answers at all when that
 * body is `null`.
 *
 * Every method throws EsteiraError ESTEIRA_REGISTRY_UNAVAILABLE when there is no usable answer.
 */
export class RegistryClient {
  readonly #api: Api;
  readonly #host: string;
  readonly #base: string;
  readonly #transport: TransportOptions;

  constructor(options: RegistryOptions) {
    const { base, host, transport } = address(options);
    this.#host = host;
    this.#base = base;
    this.#transport = transport;
    this.#api = createApi({
      host: base,
      clientId: 'esteira',
      middlewares: [
        () => ({
          response: (_next, _renew, request) => sendToRegistry(request, transport) as Promise<never>,
        }),
      ],
    });
  }

  /** Undefined when the id does not exist. */
  async schemaById(id: number): Promise<Json | undefined> {
    const found = await this.#ask(SchemaAnswer, this.#api.Schema.find({ id }));
    return found === undefined ? undefined : schemaJson(found);
  }

  /** Undefined when the subject has not exactly this schema. */
  async lookUp(subject: string, schema: Json): Promise<RegisteredSchema | undefined> {
    return this.#registered(this.#api.Subject.registered(posted(subject, schema)));
  }

  /** Undefined when the subject has no such version, or does not exist. */
  async version(subject: string, version: number | 'latest'): Promise<RegisteredSchema | undefined> {
    return this.#registered(this.#api.Subject.version({ subject, version }));
  }

  /** What the registry says by the level the subject has; the messages may be empty. */
  async compatibility(
    subject: string,
    schema: Json,
  ): Promise<{ compatible: boolean; messages: readonly string[] }> {
    const asked = this.#api.Subject.compatible({ ...posted(subject, schema), verbose: true });
    const found = await this.#ask(CompatibleAnswer, asked);
    return { compatible: found?.is_compatible ?? true, messages: found?.messages ?? [] };
  }

  /** Registers, or answers why the registry refuses. */
  async register(subject: string, schema: Json): Promise<{ readonly refused?: string }> {
    const answer = await answerOf(this.#api.Subject.register(posted(subject, schema)));
    const refused = refusalOf(answer);
    if (refused !== undefined) return { refused };
    expectAnswer(IdAnswer, answer, this.#host);
    return {};
  }

  /** The subject's own compatibility level; undefined when it has none. */
  async level(subject: string): Promise<string | undefined> {
    const found = await this.#ask(LevelAnswer, this.#api.Subject.config({ subject }));
    return found?.compatibilityLevel;
  }

  /** Sets the subject's own level; registries differ in whether they do so before its first version. */
  async setLevel(subject: string, level: string): Promise<void> {
    const body = { compatibility: level };
    const answer = await answerOf(this.#api.Subject.updateConfig({ subject, body }));
    expectAnswer(AnyAnswer, answer, this.#host);
  }

  /** Name and version of the registry where it says so, e.g. `Apicurio Registry 3.0.9`; undefined where it does not. */
  async serverVersion(): Promise<string | undefined> {
    return versionOfServer(this.#base, (url) =>
      sendToRegistry(
        { method: () => 'get', url: () => url, headers: () => ({}), body: () => undefined },
        this.#transport,
      ),
    );
  }

  async #registered(asked: Promise<unknown>): Promise<RegisteredSchema | undefined> {
    const found = await this.#ask(RegisteredAnswer, asked);
    return found === undefined
      ? undefined
      : { id: found.id, version: found.version, schema: schemaJson(found) };
  }

  async #ask<T>(shape: z.ZodType<T>, asked: Promise<unknown>): Promise<T | undefined> {
    return expectAnswer(shape, await answerOf(asked), this.#host);
  }
}

/** The package hands on what the outermost middleware answers, ours, but its types know only its own response. */
const answerOf = (asked: Promise<unknown>): Promise<RegistryAnswer> => asked as Promise<RegistryAnswer>;

const posted = (subject: string, schema: Json) => ({ subject, body: { schema: JSON.stringify(schema) } });

/** Takes user and password out of the URL: `fetch` refuses them there, and they would get into error messages. */
const address = (options: RegistryOptions): { base: string; host: string; transport: TransportOptions } => {
  const url = parseUrl(options.url);
  const user = options.user ?? decodeURIComponent(url.username);
  const password = options.password ?? decodeURIComponent(url.password);
  url.username = '';
  url.password = '';
  const deadlineMs = options.deadlineMs ?? 3_000;
  const base = url.href.replace(/\/+$/, '');
  if (user === '') return { base, host: url.host, transport: { deadlineMs } };
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  return { base, host: url.host, transport: { deadlineMs, authorization } };
};

/** The address is not told: a password may stand in it. */
const parseUrl = (text: string): URL => {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return new URL(text);
  throw new EsteiraError(
    'ESTEIRA_CONFIG_INVALID',
    'The address of the schema registry is not an http or https URL.',
    {
      facts: { setting: 'SCHEMA_REGISTRY_URL' },
    },
  );
};
