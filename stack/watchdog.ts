import { spawn } from 'node:child_process';

/**
 * Kills the stack's processes when their parent is gone, however it went: the shell reads a pipe that the system
 * closes with the parent, SIGKILL included. It lives in a session of its own, so that Ctrl-C does not reach it.
 */
export interface Watchdog {
  watch(pid: number): void;
  forget(pid: number): void;
  /** Lets the watchdog do its work and end: kill what it still watches, and the rest of its duties. */
  release(): Promise<void>;
}

/** What is done after the processes are killed. */
export interface WatchdogDuties {
  /** A directory to remove. */
  removeDir?: string;
  /** A command to run last, with its arguments. */
  lastCommand?: readonly string[];
}

// Words come as "+pid" and "-pid"; a space before and after each pid makes removal exact.
const SCRIPT = `
pids=" "
while read -r line; do
  pid=\${line#?}
  case "$line" in
    +*) pids="$pids$pid " ;;
    -*) case "$pids" in *" $pid "*) pids="\${pids%% $pid *} \${pids#* $pid }" ;; esac ;;
  esac
done
for pid in $pids; do kill -9 "$pid" 2>/dev/null; done
dir=$1
shift
if [ -n "$dir" ]; then
  for try in 1 2 3 4 5 6 7 8 9 10; do rm -rf "$dir" 2>/dev/null && break; sleep 0.2; done
fi
if [ "$#" -gt 0 ]; then "$@"; fi
`;

/** Starts the watchdog; nothing happens until it is released or this process ends. */
export function startWatchdog({ removeDir = '', lastCommand = [] }: WatchdogDuties): Watchdog {
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'esteira-stack-watchdog', removeDir, ...lastCommand], {
    detached: true,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = new Promise<void>((resolve) => {
    shell.once('exit', () => resolve());
    shell.once('error', () => resolve());
  });
  shell.unref();
  const pipe = shell.stdin;
  pipe.on('error', () => undefined); // EPIPE: someone killed the watchdog; the stack's own stop still works
  return {
    watch: (pid) => void pipe.write(`+${pid}\n`),
    forget: (pid) => void pipe.write(`-${pid}\n`),
    release: async () => {
      shell.ref();
      pipe.end();
      await ended;
    },
  };
}
