import { parentPort } from 'node:worker_threads';
import { threadReady } from '../../runtime/thread-pool.ts';

/** Many small objects. */
function branch(depth: number): unknown {
  return depth === 0 ? {} : { left: branch(depth - 1), right: branch(depth - 1) };
}

// A thread that does what it is asked, whatever harm it does.
parentPort?.on('message', (request: { kind: string; value?: unknown; flag?: Int32Array<SharedArrayBuffer> }) => {
  const kept: unknown[] = [];
  if (request.kind === 'throw') throw new Error('as asked');
  if (request.kind === 'exit') process.exit(3);
  if (request.flag !== undefined) Atomics.wait(request.flag, 0, 0);
  while (request.kind === 'spin');
  while (request.kind === 'hoard') kept.push(branch(8));
  parentPort?.postMessage(request.value);
});
parentPort?.postMessage(threadReady);
