import { parseEnvelope } from '../../../../src/core/envelope.ts';
import { jobIdOf } from '../../../../src/core/ids.ts';
import { explainJob, inspectJob } from '../../../../src/runtime/inspection/index.ts';
import type { openBench } from '../../consumers/bench.ts';

type Bench = ReturnType<typeof openBench>;

/** Looks at jobs of a bench as `esteira jobs why` does. */
export const lookAt = ({ app, backend, read }: Bench) => {
  /** Everything that is found of a job, and the answer made of it. */
  const look = async (jobId: string) => {
    const nowMs = Date.now();
    const sinceMs = nowMs - 3_600_000;
    const found = await inspectJob({ app, backend }, { jobId, sinceMs, nowMs });
    return { found, ...explainJob(found) };
  };
  /** The ids of the jobs that the records of a topic are, in the order of the log. */
  const idsOf = async (topic: string, jobType = 'settle'): Promise<readonly string[]> =>
    (await read(topic)).map(({ headers }) => {
      const { source = '', eventId = '' } = parseEnvelope(headers, false);
      return jobIdOf(app.name, jobType, source, eventId);
    });
  return { look, idsOf };
};
