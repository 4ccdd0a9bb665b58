import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const ROOT = join(import.meta.dirname, '../../..');
const FILE = join(ROOT, 'docker-compose.yml');

interface Service {
  image: string;
  build?: string;
  command?: string[];
  environment?: Record<string, string>;
  healthcheck?: { test?: unknown; disable?: boolean };
  depends_on?: Record<string, { condition: string }>;
  volumes?: string[];
  profiles?: string[];
}

const file: { services: Record<string, Service>; volumes: Record<string, unknown> } = parse(
  readFileSync(FILE, 'utf8'),
  { merge: true },
);
const services = Object.entries(file.services);
const service = (name: string): Service => {
  const found = file.services[name];
  if (found === undefined) throw new Error(`docker-compose.yml has no service ${name}`);
  return found;
};

/** The compose command of this machine; its `config` needs no engine. */
const compose = [['docker', 'compose'], ['docker-compose']].find(([command = '', ...args]) => {
  try {
    execFileSync(command, [...args, 'version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});

describe('docker-compose.yml', () => {
  it.skipIf(compose === undefined)('is valid by `docker-compose config`, run here', () => {
    const [command = '', ...args] = compose ?? [];
    const output = execFileSync(
      command,
      [...args, '-f', FILE, '--profile', 'monitoring', 'config', '--services'],
      { encoding: 'utf8' },
    );
    expect(output.trim().split('\n').sort()).toEqual(Object.keys(file.services).sort());
  });

  it('pins every image by an exact tag', () => {
    for (const [name, { image, build }] of services) {
      if (build === undefined) expect(image, name).toMatch(/:v?\d+\.\d+\.\d+(-[a-z]+)?$/);
    }
  });

  it('has a health check on each service that stays, and waits for health before dependants start', () => {
    const once = services
      .filter(([, { healthcheck }]) => healthcheck?.disable === true)
      .map(([name]) => name);
    expect(once.sort()).toEqual(['schemas', 'topics']);
    for (const [name, { healthcheck, depends_on = {} }] of services) {
      if (!once.includes(name)) expect(healthcheck?.test, name).toBeDefined();
      for (const [other, { condition }] of Object.entries(depends_on)) {
        expect(condition, `${name} on ${other}`).toBe(
          once.includes(other) ? 'service_completed_successfully' : 'service_healthy',
        );
      }
    }
    expect(Object.keys(service('workers').depends_on ?? {}).sort()).toEqual([
      'kafka',
      'redis',
      'registry',
      'schemas',
      'topics',
    ]);
  });

  it('keeps what Redis knows: append-only file, a named volume, nothing evicted', () => {
    const words = service('redis').command?.join(' ') ?? '';
    expect(words).toContain('--appendonly yes');
    expect(words).toContain('--maxmemory-policy noeviction');
    expect(service('redis').volumes).toEqual(['redis-data:/data']);
    expect(Object.keys(file.volumes)).toContain('redis-data');
  });

  it('never creates a topic by itself', () => {
    expect(service('kafka').environment?.['KAFKA_AUTO_CREATE_TOPICS_ENABLE']).toBe('false');
  });

  it('starts Prometheus and Grafana only when asked for, with what lies in dashboards/', () => {
    const asked = services.filter(([, { profiles }]) => profiles !== undefined);
    expect(asked.map(([name]) => name).sort()).toEqual(['grafana', 'prometheus']);
    const mounted = asked.flatMap(([, { volumes = [] }]) => volumes).filter((one) => one.startsWith('./'));
    expect(mounted.length).toBe(3);
    for (const mount of mounted) {
      const [from = '', , mode] = mount.split(':');
      expect(existsSync(join(ROOT, from)), from).toBe(true);
      expect(mode).toBe('ro');
    }
  });

  it('runs the workers by `esteira start`, from the image that is built here', () => {
    expect(service('workers')).toMatchObject({ build: '.' });
    expect(service('workers').command?.[0]).toBe('start');
  });

  it('uses the versions that `npm run stack` uses', () => {
    const pom = readFileSync(join(ROOT, 'stack/pom.xml'), 'utf8');
    const version = (name: string) => new RegExp(`<${name}.version>(.*)</${name}.version>`).exec(pom)?.[1];
    expect(service('kafka').image).toBe(`apache/kafka:${version('kafka')}`);
    expect(service('registry').image).toBe(`apicurio/apicurio-registry:${version('registry')}`);
  });
});

describe('the Dockerfile', () => {
  const lines = readFileSync(join(ROOT, 'Dockerfile'), 'utf8').split('\n');

  it('pins its base by an exact tag, the same for all stages', () => {
    const bases = lines.filter((line) => line.startsWith('FROM ')).map((line) => line.split(' ')[1]);
    expect(bases.length).toBeGreaterThan(1);
    expect(new Set(bases).size).toBe(1);
    expect(bases[0]).toMatch(/^node:20\.\d+\.\d+-bookworm-slim$/);
  });

  it('runs as a user without rights, and starts the file that package.json calls `esteira`', () => {
    const { bin } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect(lines).toContain('USER node');
    expect(lines).toContain(`ENTRYPOINT ["node", "${bin.esteira.replace('./', '')}"]`);
    expect(lines).toContain('CMD ["start"]');
  });
});
