import { appendFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

// Loaded into a worker or bridge before its own code (`--import`): notes how long its main thread computes without
// letting anything else happen. CPU time, so that a busy machine does not count.
const NOTED_MS = 10;
const path = process.env['IRONLOOM_TEST_STALLS'];
let last = process.threadCpuUsage();

// Threads have event loops of their own: those of workflows begin with loading all of their code.
if (path !== undefined && isMainThread) {
  setInterval(() => {
    const { user, system } = process.threadCpuUsage(last);
    last = process.threadCpuUsage();
    const stallMs = (user + system) / 1_000;
    if (stallMs < NOTED_MS) return;
    appendFileSync(
      path,
      `${JSON.stringify({ process: process.argv[1]?.split('/').slice(-2).join('/') ?? '', at: Date.now(), stallMs })}\n`,
    );
  }, 2).unref();
}
