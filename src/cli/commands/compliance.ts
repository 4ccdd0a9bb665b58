import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { AppDefinition } from '../../core/app.ts';
import { EsteiraError, isEsteiraError } from '../../core/errors.ts';
import {
  type ComplianceReport,
  checkCompliance,
  parseSamples,
  requireRehearsalPlace,
  type Samples,
} from '../../runtime/compliance/index.ts';
import { renderCompliance } from '../compliance-view.ts';
import type { CommandContext, Finish } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { loadApp } from '../load-app.ts';
import { openProgress } from '../progress.ts';
import type { CommonOptions } from '../session.ts';
import { renderJson } from '../table.ts';
import type { Terminal } from '../terminal.ts';

interface ComplianceCommandOptions extends CommonOptions {
  readonly jobType?: readonly string[];
  readonly runHandlers?: boolean;
  readonly samples?: string;
  readonly strict?: boolean;
}

const readSamples = async ({ cwd }: Terminal, path: string | undefined): Promise<Samples> => {
  if (path === undefined) return {};
  try {
    return parseSamples(await readFile(resolve(cwd, path), 'utf8'));
  } catch (cause) {
    if (isEsteiraError(cause)) throw cause;
    throw new EsteiraError('ESTEIRA_USAGE', `--samples: the file ${path} cannot be read`, { cause });
  }
};

const warn = ({ err }: Terminal, app: AppDefinition): void =>
  err(
    `running the handlers of ${app.name} in this process: providers answer without their services; connections, child processes and written files are refused; what adapters do in memory, and what native code does, is done`,
  );

const exitOf = ({ counts }: ComplianceReport, strict: boolean): ExitCode =>
  counts.breach + (strict ? counts.unproved : 0) === 0 ? EXIT.done : EXIT.failed;

const compliance = async (
  { terminal }: CommandContext,
  options: ComplianceCommandOptions,
): Promise<ExitCode> => {
  const { runHandlers = false, json = false, strict = false } = options;
  if (runHandlers) requireRehearsalPlace(terminal.environment);
  const samples = await readSamples(terminal, options.samples);
  const app = await loadApp(terminal, options.app);
  if (runHandlers) warn(terminal, app);
  const progress = openProgress(terminal, 'compliance', options.jobType?.length ?? app.jobs.length);
  try {
    const report = await checkCompliance(app, {
      ...{ runHandlers, samples, isAlone: true, environment: terminal.environment },
      ...{ onJobType: (type, index) => progress.advance(index, type) },
      ...(options.jobType === undefined ? {} : { jobTypes: options.jobType }),
    });
    progress.end();
    terminal.out(json ? renderJson(report) : renderCompliance(terminal, report));
    return exitOf(report, strict);
  } finally {
    progress.end();
  }
};

/** `esteira compliance`. */
export const addComplianceCommand = (program: Command, context: CommandContext, finish: Finish): void => {
  program
    .command('compliance')
    .description('prove by running it that each job type keeps what every job must keep; touches no service')
    .option('--job-type <types...>', 'only these job types')
    .option('--run-handlers', "run the app's own handlers too, behind a guard; never in production")
    .option('--samples <file>', 'payloads and answers of providers as JSON, where made ones will not do')
    .option('--strict', 'fail on what is not proved too')
    .option('--json', 'for programs')
    .action(async (_, command: Command) => {
      finish(await compliance(context, command.optsWithGlobals<ComplianceCommandOptions>()));
    });
};
