import type { Command } from 'commander';
import { silentLog } from '../../core/ports/log.ts';
import { type Diagnosis, diagnoseApp } from '../../runtime/doctor/index.ts';
import type { CommandContext, Finish } from '../context.ts';
import { renderDiagnosis } from '../doctor-view.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { loadApp } from '../load-app.ts';
import { type CommonOptions, debugLog } from '../session.ts';
import { renderJson } from '../table.ts';

interface DoctorOptions extends CommonOptions {
  readonly strict?: boolean;
}

const exitOf = ({ counts }: Diagnosis, strict: boolean): ExitCode => {
  const bad = strict ? counts.problem + counts.warning + counts.unknown : counts.problem;
  return bad === 0 ? EXIT.done : EXIT.failed;
};

const doctor = async (context: CommandContext, options: DoctorOptions): Promise<ExitCode> => {
  const { terminal } = context;
  const app = await loadApp(terminal, options.app);
  const diagnosis = await diagnoseApp(app, {
    environment: terminal.environment,
    openBackend: context.openBackend,
    log: options.debug === true ? debugLog(terminal) : silentLog,
    nowMs: () => Date.now(),
  });
  terminal.out(options.json === true ? renderJson(diagnosis) : renderDiagnosis(terminal, diagnosis));
  return exitOf(diagnosis, options.strict ?? false);
};

/** `esteira doctor`. */
export const addDoctorCommand = (program: Command, context: CommandContext, finish: Finish): void => {
  program
    .command('doctor')
    .description('look at everything the app needs, and say what to do; changes nothing')
    .option('--strict', 'fail on warnings, and on what cannot be known, too')
    .option('--json', 'for programs')
    .action(async (_, command: Command) => {
      finish(await doctor(context, command.optsWithGlobals<DoctorOptions>()));
    });
};
