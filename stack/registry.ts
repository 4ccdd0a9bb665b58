import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { archiveFlag } from './class-archive.ts';
import { freePorts } from './free-ports.ts';
import type { Progress, RegistryProcess } from './handle.ts';
import type { InstalledJava } from './java.ts';
import type { MavenCache } from './maven-cache.ts';
import { registryAnswers } from './readiness.ts';
import { type ServiceSpec, serviceProcess } from './service-process.ts';
import type { Watchdog } from './watchdog.ts';

const READY_TIMEOUT_MS = 90_000;

/** All that is needed to start the registry. */
export interface RegistryRuntime {
  java: string;
  jar: string;
  jvmArgs: readonly string[];
}

/** Makes the unpacked registry ready to run. */
export async function registryRuntime(
  cache: MavenCache,
  java: InstalledJava,
  tell: Progress,
): Promise<RegistryRuntime> {
  const name = (await readdir(cache.registryDir)).find((each) => each.endsWith('-runner.jar'));
  if (name === undefined)
    throw new Error(`No registry in ${cache.registryDir}: remove ${cache.dir} and try again`);
  const plain: RegistryRuntime = {
    java: java.command,
    jar: join(cache.registryDir, name),
    jvmArgs: JVM_ARGS,
  };
  const archive = join(cache.dir, `registry-java-${java.full}.jsa`);
  const training = async (dir: string) => {
    const [port = 0] = await freePorts(1);
    return registrySpec(plain, port, dir);
  };
  return { ...plain, jvmArgs: [...(await archiveFlag(archive, training, tell)), ...JVM_ARGS] };
}

/** Prepares the registry. Its database is a file, so that a killed one comes back with the same schema ids. */
export function schemaRegistry(
  runtime: RegistryRuntime,
  port: number,
  dir: string,
  watchdog: Watchdog,
): RegistryProcess {
  const handle = serviceProcess(registrySpec(runtime, port, dir), watchdog);
  return Object.assign(handle, { url: registryUrl(port) });
}

/** The base of the Confluent API of a registry on this machine. */
export function registryUrl(port: number): string {
  return `http://127.0.0.1:${port}/apis/ccompat/v7`;
}

function registrySpec(runtime: RegistryRuntime, port: number, dir: string): ServiceSpec {
  return {
    name: 'registry',
    port,
    command: runtime.java,
    args: [...runtime.jvmArgs, ...settings(port, dir), '-jar', runtime.jar],
    cwd: dir,
    logFile: join(dir, 'registry.log'),
    isReady: () => registryAnswers(registryUrl(port)),
    readyTimeoutMs: READY_TIMEOUT_MS,
  };
}

const JVM_ARGS = [
  '-Xms64m',
  '-Xmx400m',
  '-XX:TieredStopAtLevel=1',
  '-XX:+UseSerialGC',
  '-Xshare:auto',
  '-Xlog:disable', // an archive that does not fit any more is passed over in silence
];

function settings(port: number, dir: string): string[] {
  return [
    '-Dquarkus.http.host=127.0.0.1',
    `-Dquarkus.http.port=${port}`,
    '-Dquarkus.http.access-log.enabled=false',
    '-Dquarkus.log.level=WARN',
    '-Dquarkus.log.category."io.apicurio".level=WARN',
    `-Dapicurio.datasource.url=jdbc:h2:file:${join(dir, 'registry')};WRITE_DELAY=0`,
    '-Dapicurio.datasource.jdbc.initial-size=2',
    '-Dapicurio.datasource.jdbc.min-size=2',
    '-Dapicurio.datasource.jdbc.max-size=10',
  ];
}
