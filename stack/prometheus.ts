import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './free-ports.ts';
import type { Progress } from './handle.ts';
import { type PrometheusBinaries, prometheusBinaries } from './prometheus-binaries.ts';
import { serviceProcess } from './service-process.ts';
import { STACK_DIR } from './stack-dir.ts';
import { startWatchdog } from './watchdog.ts';

const READY_TIMEOUT_MS = 20_000;
const ANSWER_TIMEOUT_MS = 2_000;

/** A Prometheus of this machine. */
export interface LocalPrometheus {
  /** Its base address, on loopback. */
  readonly url: string;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/**
 * The commands `prometheus` and `promtool`, of this machine or fetched once. Throws an `Obstacle` where neither works.
 */
export const localPrometheusBinaries = (tell: Progress = () => undefined): Promise<PrometheusBinaries> =>
  prometheusBinaries(STACK_DIR, tell);

/**
 * Starts a Prometheus on a free loopback port with this configuration (YAML; paths in it absolute), and waits until it
 * is ready. It does not outlive this process.
 */
export async function startPrometheus(
  { prometheus }: PrometheusBinaries,
  config: string,
): Promise<LocalPrometheus> {
  const dir = await mkdtemp(join(tmpdir(), 'esteira-prometheus-'));
  await writeFile(join(dir, 'prometheus.yml'), config);
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const watchdog = startWatchdog({ removeDir: dir });
  const service = serviceProcess(
    {
      name: 'prometheus',
      port,
      command: prometheus,
      args: [
        `--config.file=${join(dir, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(dir, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=warn',
      ],
      cwd: dir,
      logFile: join(dir, 'prometheus.log'),
      isReady: () => answersReady(url),
      readyTimeoutMs: READY_TIMEOUT_MS,
    },
    watchdog,
  );
  const stop = async (): Promise<void> => {
    await service.kill();
    await watchdog.release();
  };
  try {
    await service.start();
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop };
}

async function answersReady(url: string): Promise<boolean> {
  const response = await fetch(`${url}/-/ready`, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
  return response.ok;
}
