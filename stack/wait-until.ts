import { setTimeout as pause } from 'node:timers/promises';

/** Asks until the answer is yes; an error counts as no. Throws `what` after `timeoutMs`. */
export async function waitUntil(ask: () => Promise<boolean>, what: string, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await ask().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`${what} (waited ${timeoutMs} ms)`);
    await pause(50);
  }
}
