#!/usr/bin/env node
import process from 'node:process';
import { setTimeout } from 'node:timers'; // a handler that compliance tried out may have replaced the global one
import { systemContext } from './context.ts';
import { runCli } from './program.ts';
import { outliveReaders } from './terminal.ts';

const LINGER_MS = 2_000;

const context = systemContext();
const endWhenUnread = outliveReaders();
process.exitCode = await runCli(process.argv.slice(2), {
  ...context,
  terminal: { ...context.terminal, endWhenUnread },
});
// Whatever a client left open must not keep a finished command from ending.
setTimeout(() => process.exit(), LINGER_MS).unref();
