import { describe, expect, it } from 'vitest';
import { installedJava, parseJavaVersion } from '../../../stack/java.ts';
import { binarySuffix, redisArgs } from '../../../stack/redis.ts';

describe("the machine's programs", () => {
  it.each([
    ['openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime Environment', { major: 17, full: '17.0.15' }],
    ['openjdk version "25" 2025-09-16', { major: 25, full: '25' }],
    ['java version "1.8.0_392"', { major: 8, full: '1.8.0_392' }],
    ['openjdk version "22-ea" 2024-03-19', { major: 22, full: '22-ea' }],
    ['The operation couldn’t be completed. Unable to locate a Java Runtime.', undefined],
  ])('%j is read as a Java version', (output, version) => {
    expect(parseJavaVersion(output)).toEqual(version);
  });

  it('no Java is no error but an answer', async () => {
    expect(await installedJava({ PATH: '/nowhere', JAVA_HOME: '/nowhere/either' })).toBeUndefined();
  });

  it.each([
    ['linux', 'x64', '-linux-amd64'],
    ['linux', 'arm64', '-linux-arm64'],
    ['darwin', 'arm64', '-darwin-arm64'],
  ])('a Redis binary for %s on %s is named %s', (platform, arch, suffix) => {
    expect(binarySuffix(platform, arch)).toBe(suffix);
  });

  it('Redis keeps what it acknowledged for a second at most, and evicts nothing', () => {
    const line = redisArgs(7001, '/data').join(' ');
    expect(line).toContain('--appendonly yes --appendfsync everysec');
    expect(line).toContain('--maxmemory-policy noeviction');
    expect(line).toContain('--bind 127.0.0.1');
  });
});
