import { describe, expect, it, vi } from 'vitest';
import { EsteiraError, isEsteiraError } from '../../../src/core/errors.ts';

describe('isEsteiraError', () => {
  it('knows an error of another copy of the package, as an app may load its own', async () => {
    vi.resetModules();
    const other = await import('../../../src/core/errors.ts');
    const error = new other.EsteiraError('ESTEIRA_USAGE', 'no such command');
    expect(error).not.toBeInstanceOf(EsteiraError);
    expect(isEsteiraError(error, 'ESTEIRA_USAGE')).toBe(true);
    expect(isEsteiraError(error, 'ESTEIRA_CLOSED')).toBe(false);
  });

  it.each([new Error('x'), { code: 'ESTEIRA_USAGE' }, null, 'ESTEIRA_USAGE'])(
    'knows no other value (%o)',
    (value) => {
      expect(isEsteiraError(value)).toBe(false);
    },
  );
});
