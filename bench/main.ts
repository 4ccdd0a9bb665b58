import process from 'node:process';
import { ArgumentProblem, type BenchArguments, parseBenchArguments, USAGE } from './arguments.ts';
import { PROGRAMS } from './catalog.ts';
import { cutOff } from './harness/child.ts';
import { compileBench } from './harness/compiled.ts';
import { openServices, type Services } from './harness/services.ts';
import { Stage } from './harness/stage.ts';
import { describeMachine, machineLine } from './machine.ts';
import type { Outcome, Program } from './program.ts';
import { figuresAsJson, figuresOf, renderReport, SMALL_WARNING } from './report.ts';
import { saveResult, storedResult } from './results.ts';

const runProgram = async (stage: Stage, program: Program): Promise<Outcome> => {
  stage.tell(`${program.name}: ${program.what}`);
  stage.takeLoads();
  const findings = await program.run(stage);
  return { program: program.name, ...findings, loads: stage.takeLoads() };
};

const runPrograms = async (args: BenchArguments, services: Services): Promise<readonly Outcome[]> => {
  const compiled = compileBench();
  const stage = new Stage(args, services, compiled);
  const chosen = PROGRAMS.filter(({ name }) => args.names.length === 0 || args.names.includes(name));
  const outcomes: Outcome[] = [];
  try {
    for (const program of chosen) outcomes.push(await runProgram(stage, program));
    return outcomes;
  } finally {
    await stage.clear();
    compiled.remove();
  }
};

const report = async (
  args: BenchArguments,
  services: Services,
  outcomes: readonly Outcome[],
): Promise<void> => {
  const machine = await describeMachine(services.env, services.pids.length > 0);
  if (args.json) console.log(JSON.stringify(figuresAsJson(figuresOf(outcomes))));
  else
    console.log(
      `${args.small ? `${SMALL_WARNING}\n\n` : ''}${renderReport(outcomes)}\n\n${machineLine(machine)}`,
    );
  if (args.save) console.error(`bench: wrote ${saveResult(storedResult(machine, args, outcomes))}`);
};

const main = async (): Promise<void> => {
  const args = parseBenchArguments(
    process.argv.slice(2),
    PROGRAMS.map(({ name }) => name),
  );
  const services = await openServices();
  try {
    await report(args, services, await runPrograms(args, services));
  } finally {
    await services.stop();
  }
};

const stopInOrder = (signal: string): void => {
  console.error(`bench: ${signal}: cleaning up; once more ends at once`);
  process.once(signal, () => process.exit(130));
  cutOff();
};

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stopInOrder(signal));

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const isWrongUse = error instanceof ArgumentProblem;
    console.error(isWrongUse ? `${error.message}\n${USAGE}` : error);
    process.exit(isWrongUse ? 2 : 1);
  },
);
