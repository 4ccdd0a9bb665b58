#!/usr/bin/env node
import process from 'node:process';
import { runCli } from './program.ts';

const LINGER_MS = 2_000;

process.exitCode = await runCli(process.argv.slice(2));
// Whatever a client left open must not keep a finished command from ending.
setTimeout(() => process.exit(), LINGER_MS).unref();
