import { relative } from 'node:path';
import type { Command } from 'commander';
import { loadConfig } from '../../config/index.ts';
import { EsteiraError } from '../../core/errors.ts';
import {
  checkSchemas,
  generateSchemas,
  lintSchemas,
  type RegistryOptions,
  registerSchemas,
  type SchemaCheck,
  type SchemaLint,
  type SchemaRegistration,
  staleFiles,
} from '../../serde/index.ts';
import type { CommandContext, Finish } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { allSchemaFiles, schemaProject } from '../schema-project.ts';
import type { CommonOptions } from '../session.ts';
import { renderJson, renderTable } from '../table.ts';

interface SchemasOptions extends CommonOptions {
  readonly project?: string;
  readonly check?: boolean;
  readonly offline?: boolean;
}

const registryOf = ({ terminal }: CommandContext): RegistryOptions => {
  const { registry } = loadConfig(terminal.environment);
  if (registry === undefined) {
    throw new EsteiraError(
      'ESTEIRA_USAGE',
      'SCHEMA_REGISTRY_URL is missing: set it, or check only the files with `esteira schemas check --offline`',
    );
  }
  const { url, username, password } = registry;
  return {
    url,
    ...(username === undefined ? {} : { user: username }),
    ...(password === undefined ? {} : { password }),
  };
};

const generate = async ({ terminal }: CommandContext, options: SchemasOptions): Promise<ExitCode> => {
  const project = await schemaProject(terminal.cwd, options.project);
  const work = options.check === true ? staleFiles : generateSchemas;
  const files = (await Promise.all(project.outputs.map(work)))
    .flat()
    .map((path) => relative(terminal.cwd, path));
  if (options.json === true)
    terminal.out(renderJson({ [options.check === true ? 'stale' : 'written']: files }));
  else
    for (const file of files) terminal.out(options.check === true ? `stale    ${file}` : `written  ${file}`);
  if (options.check !== true || files.length === 0) return EXIT.done;
  terminal.err('Generated files are not as their schemas: run `esteira schemas generate`.');
  return EXIT.failed;
};

const compare = async (
  context: CommandContext,
  options: SchemasOptions,
  files: readonly string[],
): Promise<readonly SchemaCheck[]> =>
  options.offline === true ? [] : checkSchemas({ files, registry: registryOf(context) });

const check = async (context: CommandContext, options: SchemasOptions): Promise<ExitCode> => {
  const { terminal } = context;
  const files = await allSchemaFiles(await schemaProject(terminal.cwd, options.project));
  const breaches = await lintSchemas(files);
  const checks = breaches.length > 0 ? [] : await compare(context, options, files);
  if (options.json === true) terminal.out(renderJson({ breaches, checks }));
  else printCheck(context, files.length, breaches, checks);
  if (breaches.length > 0) return EXIT.failed;
  return checks.some(({ state }) => state === 'incompatible') ? EXIT.refused : EXIT.done;
};

const printCheck = (
  { terminal }: CommandContext,
  count: number,
  breaches: readonly SchemaLint[],
  checks: readonly SchemaCheck[],
): void => {
  for (const { file, path, problem } of breaches) {
    terminal.out(`${relative(terminal.cwd, file)}  ${path}: ${problem}`);
  }
  if (checks.length > 0) {
    const columns = [
      { title: 'SUBJECT', cell: ({ subject }: SchemaCheck) => subject },
      { title: 'STATE', cell: ({ state }: SchemaCheck) => state, cuttable: false },
      { title: 'WHY', cell: ({ messages }: SchemaCheck) => messages.join('; ') },
    ];
    terminal.out(renderTable(terminal, columns, checks));
  }
  terminal.out(`${count} schemas, ${breaches.length} breaches of the subset.`);
};

const register = async (context: CommandContext, options: SchemasOptions): Promise<ExitCode> => {
  const { terminal } = context;
  const files = await allSchemaFiles(await schemaProject(terminal.cwd, options.project));
  const registrations = await registerSchemas({ files, registry: registryOf(context) });
  if (options.json === true) {
    terminal.out(renderJson({ registrations }));
    return EXIT.done;
  }
  const columns = [
    { title: 'SUBJECT', cell: ({ subject }: SchemaRegistration) => subject },
    { title: 'VERSION', cell: ({ version }: SchemaRegistration) => version, cuttable: false },
    { title: 'ID', cell: ({ id }: SchemaRegistration) => id, cuttable: false },
    {
      title: 'NOW',
      cell: ({ registered }: SchemaRegistration) => (registered ? 'registered' : 'was there'),
      cuttable: false,
    },
  ];
  terminal.out(renderTable(terminal, columns, registrations));
  return EXIT.done;
};

/** `esteira schemas generate|check|register`. */
export const addSchemasCommands = (program: Command, context: CommandContext, finish: Finish): void => {
  const schemas = program
    .command('schemas')
    .description('Avro schemas: the contract, and what is made of it');
  const add = (name: string, description: string, work: typeof generate): Command =>
    schemas
      .command(name)
      .description(description)
      .option('--project <path>', 'the esteira.schemas.json (default: here, or in schemas/)')
      .option('--json', 'for programs')
      .action(async (_, command: Command) => finish(await work(context, command.optsWithGlobals())));
  add('generate', 'write the TypeScript of the schemas', generate).option(
    '--check',
    'write nothing; fail when files are stale',
  );
  add('check', "lint the schemas and compare them with the registry's", check).option(
    '--offline',
    'only lint; ask no registry',
  );
  add('register', "register the app's schemas and Esteira's own; safe to repeat", register);
};
