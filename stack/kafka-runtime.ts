import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { archiveFlag } from './class-archive.ts';
import { freePorts } from './free-ports.ts';
import type { Progress } from './handle.ts';
import type { InstalledJava } from './java.ts';
import { CLUSTER_ID, clusterOf, type KafkaRuntime, kafkaSpec } from './kafka.ts';
import { kafkaProperties } from './kafka-properties.ts';
import type { MavenCache } from './maven-cache.ts';
import { STACK_DIR } from './stack-dir.ts';

const run = promisify(execFile);
const FORMAT_TIMEOUT_MS = 60_000;

/** Makes the cached jars ready to run; what takes a JVM of its own is done once and kept beside them. */
export async function kafkaRuntime(
  cache: MavenCache,
  java: InstalledJava,
  fullJit: boolean,
  tell: Progress,
): Promise<KafkaRuntime> {
  const bootstrapCheckpoint = join(cache.dir, 'bootstrap.checkpoint');
  if (!existsSync(bootstrapCheckpoint)) await makeCheckpoint(cache, java.command, bootstrapCheckpoint);
  const jvmArgs = fullJit ? JVM_ARGS : ['-XX:TieredStopAtLevel=1', ...JVM_ARGS];
  const plain: KafkaRuntime = { java: java.command, jars: cache.kafkaJars, jvmArgs, bootstrapCheckpoint };
  const archive = join(cache.dir, `kafka-java-${java.full}.jsa`);
  const training = async (dir: string) => {
    const cluster = clusterOf(await freePorts(2), dir);
    const [node] = cluster;
    if (node === undefined) throw new Error('No node to train with');
    return kafkaSpec(plain, node, cluster, dir);
  };
  return { ...plain, jvmArgs: [...(await archiveFlag(archive, training, tell)), ...jvmArgs] };
}

const JVM_ARGS = [
  '-Xms128m',
  '-Xmx400m',
  '-Xshare:auto',
  '-Xlog:disable', // an archive that does not fit any more is passed over in silence
  '-Djava.awt.headless=true',
  `-Dlog4j2.configurationFile=${join(STACK_DIR, 'kafka-log4j2.properties')}`,
];

/** Formats a node aside by Kafka's own tool and keeps the checkpoint that it writes. */
async function makeCheckpoint(cache: MavenCache, java: string, target: string): Promise<void> {
  const aside = await mkdtemp(join(tmpdir(), 'esteira-format-'));
  try {
    const node = { nodeId: 1, port: 9092, controllerPort: 9093, logDir: join(aside, 'data') };
    const properties = join(aside, 'server.properties');
    await writeFile(properties, kafkaProperties(node, [node]));
    const args = ['-cp', cache.kafkaJars.join(delimiter), 'kafka.tools.StorageTool'];
    await run(java, [...args, 'format', '-t', CLUSTER_ID, '-c', properties], { timeout: FORMAT_TIMEOUT_MS });
    const own = `${target}.${process.pid}`;
    await copyFile(join(node.logDir, 'bootstrap.checkpoint'), own);
    await rename(own, target);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}
