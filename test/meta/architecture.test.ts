import { describe, expect, test } from 'vitest';
import { resolveImport, sourceFiles } from '../support/source-files.ts';

/** A room may import only from the rooms named here, and from itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  config: ['core'],
  serde: ['core', 'config'],
  broker: ['core', 'config'],
  state: ['core', 'config'],
  providers: ['core', 'config'],
  security: ['core', 'config'],
  producers: ['core', 'config', 'security'],
  consumers: ['core', 'config', 'security'],
  telemetry: ['core', 'config', 'security'],
  runtime: [
    ...['core', 'config', 'serde', 'broker', 'state', 'providers', 'security'],
    ...['producers', 'consumers', 'telemetry'],
  ],
  cli: ['core', 'config', 'serde', 'consumers', 'security', 'runtime'],
};

/** Each vendor is reached from one room. */
const VENDOR_ROOM: Readonly<Record<string, string>> = {
  kafkajs: 'src/broker/kafka',
  '@kafkajs/confluent-schema-registry': 'src/serde',
  avsc: 'src/serde',
  mappersmith: 'src/serde',
  ioredis: 'src/state/redis',
  opossum: 'src/providers',
  pino: 'src/telemetry',
  '@duckdb/node-api': 'src/telemetry/projection',
  '@opentelemetry/sdk-node': 'src/telemetry',
  '@opentelemetry/exporter-prometheus': 'src/telemetry',
  commander: 'src/cli',
};
const ANYWHERE = ['zod', '@opentelemetry/api'];
/** Parts of Node that only compute. */
const PURE = ['node:crypto', 'node:util'];

const files = sourceFiles('src');
const roomOf = (path: string): string => path.split('/')[1] ?? '';
const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

describe('imports point one way', () => {
  test.each(Object.keys(MAY_IMPORT))('%s imports only from the rooms below it', (room) => {
    const strangers = files
      .filter(({ path }) => roomOf(path) === room)
      .flatMap(({ path, imports }) =>
        imports
          .filter((specifier) => specifier.startsWith('.'))
          .map((specifier) => resolveImport(path, specifier))
          .filter((target) => roomOf(target) !== room && !MAY_IMPORT[room]?.includes(roomOf(target)))
          .map((target) => `${path} imports ${target}`),
      );
    expect(strangers).toEqual([]);
  });

  test('every room is known to this test', () => {
    const rooms = new Set(
      files.filter(({ path }) => path.split('/').length > 2).map(({ path }) => roomOf(path)),
    );
    expect([...rooms].filter((room) => MAY_IMPORT[room] === undefined)).toEqual([]);
  });

  test('each vendor is reached from one room', () => {
    const strangers = files.flatMap(({ path, imports }) =>
      imports
        .filter((specifier) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
        .map(packageOf)
        .filter((name) => !ANYWHERE.includes(name))
        .filter((name) => !path.startsWith(VENDOR_ROOM[name] ?? '(no room)'))
        .map((name) => `${path} imports ${name}`),
    );
    expect(strangers).toEqual([]);
  });

  test('core touches neither files, network, processes nor the environment', () => {
    const impure = files
      .filter(({ path }) => roomOf(path) === 'core')
      .flatMap(({ path, imports }) =>
        imports
          .filter((specifier) => specifier.startsWith('node:') && !PURE.includes(specifier))
          .map((specifier) => `${path} imports ${specifier}`),
      );
    expect(impure).toEqual([]);
  });

  test('there is no cycle', () => {
    const edges = new Map(
      files.map(({ path, imports }) => [
        path,
        imports.filter((one) => one.startsWith('.')).map((one) => resolveImport(path, one)),
      ]),
    );
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
      if (done.has(path) || trail.includes(path)) return;
      for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
      done.add(path);
    };
    for (const path of edges.keys()) visit(path, []);
    expect(cycles).toEqual([]);
  });
});

describe('the house stays small', () => {
  test('no file is longer than 300 lines', () => {
    const rest = ['test', 'stack', 'examples', 'bench'].flatMap(sourceFiles);
    const long = [...files, ...rest]
      .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
      .filter(({ lines }) => lines > 300);
    expect(long).toEqual([]);
  });

  test('no type escapes: no any, no suppressed error', () => {
    const escapes = files.flatMap(({ path, text }) =>
      text
        .split('\n')
        .map((line, index) => ({ line, at: `${path}:${index + 1}` }))
        .filter(({ line }) => !/^\s*(\/\*\*|\*|\/\/)/.test(line))
        .filter(({ line }) =>
          /: any\b|<any>|as any\b|as unknown as|@ts-ignore|@ts-expect-error|biome-ignore/.test(line),
        )
        .map(({ at }) => at),
    );
    expect(escapes).toEqual([]);
  });

  test('no error is swallowed in silence', () => {
    const swallowed = files
      .filter(({ text }) => /catch\s*(\([^)]*\))?\s*\{\s*\}/.test(text))
      .map(({ path }) => path);
    expect(swallowed).toEqual([]);
  });

  test('no test runs alone, is skipped or is left to do', () => {
    const odd = sourceFiles('test')
      // The broker suite lists what an adapter cannot be made to show, each with its reason.
      .filter(
        ({ path }) => !['test/meta/architecture.test.ts', 'test/contract/broker/fixture.ts'].includes(path),
      )
      .filter(({ text }) => /\b(test|it|describe)\.(only|skip|todo)\b/.test(text))
      .map(({ path }) => path);
    expect(odd).toEqual([]);
  });
});
