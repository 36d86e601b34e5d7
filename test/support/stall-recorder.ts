import { createHook } from 'node:async_hooks';
import { appendFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

// Loaded into a worker or bridge before its own code (`--import`): notes how long its main thread computes without
// letting anything else happen, from one callback to the next. CPU time, so that a busy machine does not count; and not
// by the rounds of the event loop: a process that had to wait for a core finds the work of a thousand callbacks in one.
const NOTED_MS = 10;
const path = process.env['IRONLOOM_TEST_STALLS'];
let last = process.threadCpuUsage();

function noteStep(): void {
  const { user, system } = process.threadCpuUsage(last);
  const stallMs = (user + system) / 1_000;
  if (path !== undefined && stallMs >= NOTED_MS) {
    const name = process.argv[1]?.split('/').slice(-2).join('/') ?? '';
    appendFileSync(path, `${JSON.stringify({ process: name, at: Date.now(), stallMs })}\n`);
  }
  last = process.threadCpuUsage();
}

// Threads have event loops of their own: those of workflows begin with loading all of their code.
if (path !== undefined && isMainThread) {
  createHook({ before: noteStep, trackPromises: false }).enable();
  // What computes last, before nothing happens for a while, is noted as well.
  setInterval(noteStep, 2).unref();
}
