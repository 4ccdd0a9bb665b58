import { Argument, type Command } from 'commander';
import { completionTable } from '../completion.ts';
import { COMPLETION_SCRIPTS } from '../completion-scripts.ts';
import type { CommandContext, Finish } from '../context.ts';
import { EXIT } from '../exit-codes.ts';

type Shell = keyof typeof COMPLETION_SCRIPTS;

/** `esteira completion bash|zsh|fish`. */
export const addCompletionCommand = (
  program: Command,
  { terminal }: CommandContext,
  finish: Finish,
): void => {
  const shells = Object.keys(COMPLETION_SCRIPTS);
  program
    .command('completion')
    .description('write a script with which a shell completes commands and options')
    .addArgument(new Argument('<shell>', `one of ${shells.join(', ')}`).choices(shells))
    .action((shell: Shell) => {
      terminal.out(COMPLETION_SCRIPTS[shell](completionTable(program)).trimEnd());
      finish(EXIT.done);
    });
};
