import { setTimeout as pause } from 'node:timers/promises';

const EVERY_MS = 20;

/** Polls until `holds` does. @throws Error after `timeoutMs`, naming `what`. */
export const waitUntil = async (what: string, holds: () => boolean, timeoutMs: number): Promise<void> => {
  const untilMs = Date.now() + timeoutMs;
  while (!holds()) {
    if (Date.now() > untilMs) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await pause(EVERY_MS);
  }
};
