import { appendFile, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../stack/free-ports.ts';
import { installedJava } from '../../stack/java.ts';
import { clusterOf, kafkaSpec } from '../../stack/kafka.ts';
import { kafkaRuntime } from '../../stack/kafka-runtime.ts';
import { mavenCache } from '../../stack/maven-cache.ts';
import { serviceProcess } from '../../stack/service-process.ts';
import { STACK_DIR } from '../../stack/stack-dir.ts';
import { startWatchdog } from '../../stack/watchdog.ts';

const quiet = (): void => undefined;

/** A broker that asks who one is, and what he may. */
export interface GuardedKafka {
  /** Where nobody is asked who he is, and everybody may do everything. */
  readonly open: string;
  /** Where one has to say that one is `shop`, with {@link SHOP}. */
  readonly guarded: string;
  stop(): Promise<void>;
}

/** The credentials of the user that rules are made for; of no use but in a test. */
export const SHOP = { mechanism: 'plain', username: 'shop', password: 'not-a-secret' } as const;

const JAAS = `org.apache.kafka.common.security.plain.PlainLoginModule required user_${SHOP.username}="${SHOP.password}";`;

/** Later lines of a properties file win over earlier ones. */
const guards = (ports: { readonly open: number; readonly guarded: number; readonly controller: number }) =>
  [
    `listeners=PLAINTEXT://127.0.0.1:${ports.open},SASL_PLAINTEXT://127.0.0.1:${ports.guarded},CONTROLLER://127.0.0.1:${ports.controller}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${ports.open},SASL_PLAINTEXT://127.0.0.1:${ports.guarded}`,
    'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
    'sasl.enabled.mechanisms=PLAIN',
    `listener.name.sasl_plaintext.plain.sasl.jaas.config=${JAAS}`,
    'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users=User:ANONYMOUS',
    '',
  ].join('\n');

/** Starts a broker with an authorizer on free ports. */
export const startGuardedKafka = async (): Promise<GuardedKafka> => {
  const java = await installedJava();
  if (java === undefined) throw new Error('No Java runs here: install Java 17 or newer and try again');
  const runtime = await kafkaRuntime(await mavenCache(STACK_DIR, quiet), java, false, quiet);
  const dir = await mkdtemp(join(tmpdir(), 'esteira-guarded-'));
  const watchdog = startWatchdog({ removeDir: dir });
  const [open = 0, controller = 0, guarded = 0] = await freePorts(3);
  const [node] = clusterOf([open, controller], dir);
  if (node === undefined) throw new Error('No node to start');
  const spec = await kafkaSpec(runtime, node, [node], dir);
  await appendFile(join(dir, `${spec.name}.properties`), guards({ open, guarded, controller }));
  const server = serviceProcess(spec, watchdog);
  await server.start();
  return {
    open: `127.0.0.1:${open}`,
    guarded: `127.0.0.1:${guarded}`,
    stop: async () => {
      await server.kill();
      await watchdog.release();
    },
  };
};
