import { stopStack } from './stop-stack.ts';

stopStack((line) => console.error(`stack: ${line}`)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
