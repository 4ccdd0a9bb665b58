import { describe, expect, it } from 'vitest';
import { exportLines, parseUp } from '../../../stack/command-line.ts';

describe('the command line of `npm run stack`', () => {
  it('means one broker, one Redis and a registry in the background when nothing is said', () => {
    expect(parseUp([])).toEqual({ options: { brokers: 1, redis: 1, registry: true }, foreground: false });
  });

  it('takes its flags', () => {
    expect(parseUp(['--brokers', '3', '--redis', '2', '--no-registry', '--foreground'])).toEqual({
      options: { brokers: 3, redis: 2, registry: false },
      foreground: true,
    });
  });

  it.each([
    [['--brokers', '2'], '--brokers takes 1 or 3, not "2"'],
    [['--redis', 'many'], '--redis takes 1 or 2, not "many"'],
    [['--broker', '3'], "Unknown option '--broker'"],
    [['up'], 'Unexpected argument'],
  ])('refuses %j', (args, reason) => {
    expect(() => parseUp(args)).toThrow(reason);
  });

  it('prints an environment as lines for a shell', () => {
    expect(exportLines({ A: 'x:1', B: 'redis://127.0.0.1:2' })).toBe(
      'export A=x:1\nexport B=redis://127.0.0.1:2',
    );
  });
});
