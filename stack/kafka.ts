import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { BrokerProcess } from './handle.ts';
import { type KafkaNode, kafkaProperties } from './kafka-properties.ts';
import { kafkaAnswers } from './readiness.ts';
import { type ServiceSpec, serviceProcess } from './service-process.ts';
import type { Watchdog } from './watchdog.ts';

const READY_TIMEOUT_MS = 90_000;

/** Every local cluster has the same identity, so that one checkpoint serves all. */
export const CLUSTER_ID = Buffer.from('esteira-local-01').toString('base64url');

/** All that is needed to start a Kafka node. */
export interface KafkaRuntime {
  java: string;
  jars: readonly string[];
  jvmArgs: readonly string[];
  /** The checkpoint with the feature levels of a freshly formatted node. */
  bootstrapCheckpoint: string;
}

/** The nodes of a cluster with these ports, two for each: clients' and controllers'. */
export function clusterOf(ports: readonly number[], dir: string): KafkaNode[] {
  return Array.from({ length: ports.length / 2 }, (_, index) => {
    const nodeId = index + 1;
    const [port = 0, controllerPort = 0] = ports.slice(2 * index);
    return { nodeId, port, controllerPort, logDir: join(dir, `kafka-${nodeId}`) };
  });
}

/** Prepares the nodes; the caller starts them, all at once, because each waits for the quorum. */
export function kafkaBrokers(
  runtime: KafkaRuntime,
  cluster: readonly KafkaNode[],
  dir: string,
  watchdog: Watchdog,
): Promise<BrokerProcess[]> {
  return Promise.all(
    cluster.map(async (node) => {
      const handle = serviceProcess(await kafkaSpec(runtime, node, cluster, dir), watchdog);
      return Object.assign(handle, { nodeId: node.nodeId });
    }),
  );
}

/** Writes the node's files and tells how to run it. */
export async function kafkaSpec(
  runtime: KafkaRuntime,
  node: KafkaNode,
  cluster: readonly KafkaNode[],
  dir: string,
): Promise<ServiceSpec> {
  const name = `kafka-${node.nodeId}`;
  const properties = join(dir, `${name}.properties`);
  await writeFile(properties, kafkaProperties(node, cluster));
  await format(node, runtime.bootstrapCheckpoint);
  return {
    name,
    port: node.port,
    command: runtime.java,
    args: [...runtime.jvmArgs, '-cp', runtime.jars.join(delimiter), 'kafka.Kafka', properties],
    cwd: dir,
    logFile: join(dir, `${name}.log`),
    isReady: () => kafkaAnswers(node.port, [node.nodeId]),
    readyTimeoutMs: READY_TIMEOUT_MS,
  };
}

/**
 * What `kafka-storage format` writes, without a JVM of its own for each node: the identity of the directory, and
 * the checkpoint with the feature levels, which is the same for all nodes.
 */
async function format(node: KafkaNode, bootstrapCheckpoint: string): Promise<void> {
  const meta = join(node.logDir, 'meta.properties');
  if (existsSync(meta)) return;
  await mkdir(node.logDir, { recursive: true });
  await copyFile(bootstrapCheckpoint, join(node.logDir, 'bootstrap.checkpoint'));
  const directoryId = `E${randomBytes(16).toString('base64url').slice(1)}`;
  await writeFile(
    meta,
    `version=1\ncluster.id=${CLUSTER_ID}\nnode.id=${node.nodeId}\ndirectory.id=${directoryId}\n`,
  );
}
