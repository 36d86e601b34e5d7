import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

/** What a thread may use for one piece of work; one that takes more is ended. */
export interface ThreadLimits {
  /** Of a core: what waits because others use it costs nothing, up to ten times as long. */
  timeMs: number;
  heapMb: number;
}

export interface ThreadPoolOptions {
  /** The module that a thread runs: it posts `threadReady` once, then one answer to each request. */
  entry: URL;
  /** Pieces of work that are done side by side; threads are started when they are needed first. */
  threads: number;
  limits: ThreadLimits;
  /** Work that has waited longer for a thread is given up: whoever asked has gone. Default: 10 s. */
  waitMs?: number;
  /** The clock by which work waits. */
  nowMs?: () => number;
}

export type ThreadOutcome<Answer> = { kind: 'done'; answer: Answer } | { kind: 'tooMuch'; of: 'time' | 'memory' };

/** Runs work that may never end, or take all memory, where it harms nobody. */
export interface ThreadPool {
  /**
   * `Answer` is what the entry posts for such a request. Of what waits the lightest comes first, so that the huge holds up
   * only itself.
   * @throws Error when the thread breaks, or none was free in time
   */
  run<Answer>(request: unknown, weight?: number): Promise<ThreadOutcome<Answer>>;
  /** Ends all threads. Work that was asked for is refused. */
  close(): Promise<void>;
}

/** First message of a thread: its time begins after its modules are loaded. */
export const threadReady = 'ready';

const DEFAULT_WAIT_MS = 10_000;
/** So often it is asked how much of its time a thread has used; one on a core that is so busy is given up. */
const MAX_LOOKS = 10;

interface Job {
  request: unknown;
  weight: number;
  askedAt: number;
  done(answer: unknown): void;
  tooMuch(of: 'time' | 'memory'): void;
  fail(error: Error): void;
}

/** A thread, and what it does: it loads its modules, is free, or has a job. */
interface Thread {
  worker: Worker;
  state: { kind: 'starting' } | { kind: 'free' } | Working;
}

interface Working {
  kind: 'working';
  job: Job;
  timer: NodeJS.Timeout;
  /** What the thread had used of a core when the work began. */
  before: Promise<NodeJS.CpuUsage | undefined>;
  looks: number;
}

/** See `ThreadPool`. A thread that has nothing to do does not keep the process alive. */
export function createThreadPool(options: ThreadPoolOptions): ThreadPool {
  const { entry, threads, limits, waitMs = DEFAULT_WAIT_MS, nowMs = () => performance.now() } = options;
  const waiting: Job[] = [];
  const crew = new Set<Thread>();
  let leaving = 0;
  let closed = false;

  function next(): void {
    for (;;) {
      const job = waiting[0];
      if (job === undefined) return;
      const isLate = nowMs() - job.askedAt > waitMs;
      const free = [...crew].find(({ state }) => state.kind === 'free');
      if (!isLate && free === undefined) return grow();
      waiting.shift();
      if (isLate) job.fail(new Error('No thread was free in time'));
      else if (free !== undefined) begin(free, job);
    }
  }

  function grow(): void {
    const starting = [...crew].filter(({ state }) => state.kind === 'starting').length;
    if (closed || crew.size + leaving >= threads || starting >= waiting.length) return;
    const worker = new Worker(entry, {
      name: 'ironloom-reader',
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: limits.heapMb, maxYoungGenerationSizeMb: 16 },
    });
    const thread: Thread = { worker, state: { kind: 'starting' } };
    crew.add(thread);
    worker.on('message', (message: unknown) => hear(thread, message));
    worker.on('error', (error: Error & { code?: string }) => lose(thread, error));
    worker.on('exit', () => lose(thread, new Error('it ended')));
  }

  function begin(thread: Thread, job: Job): void {
    watch(thread, { job, before: readUsage(thread.worker), looks: 0 }, limits.timeMs);
    thread.worker.ref();
    thread.worker.postMessage(job.request);
  }

  function watch(thread: Thread, work: Pick<Working, 'job' | 'before' | 'looks'>, forMs: number): void {
    const timer = setTimeout(() => void expire(thread), forMs);
    thread.state = { kind: 'working', ...work, timer };
  }

  function hear(thread: Thread, message: unknown): void {
    const { state } = thread;
    if (!crew.has(thread)) return;
    thread.state = { kind: 'free' };
    thread.worker.unref();
    if (state.kind === 'working') {
      clearTimeout(state.timer);
      state.job.done(message);
    }
    next();
  }

  async function expire(thread: Thread): Promise<void> {
    const { state } = thread;
    if (state.kind !== 'working') return;
    const usedMs = await measureUse(thread.worker, state.before, limits.timeMs);
    if (thread.state !== state || !crew.has(thread)) return;
    if (usedMs < limits.timeMs && state.looks < MAX_LOOKS) {
      return watch(thread, { ...state, looks: state.looks + 1 }, limits.timeMs - usedMs);
    }
    discard(thread);
    state.job.tooMuch('time');
  }

  /** The thread broke, with its job if it had one; one that cannot even start takes a job with it, or nobody would hear. */
  function lose(thread: Thread, cause: Error & { code?: string }): void {
    if (!crew.has(thread)) return;
    const { state } = thread;
    const job = state.kind === 'working' ? state.job : state.kind === 'starting' ? waiting.shift() : undefined;
    if (state.kind === 'working') clearTimeout(state.timer);
    discard(thread);
    if (cause.code === 'ERR_WORKER_OUT_OF_MEMORY') job?.tooMuch('memory');
    else job?.fail(new Error(`A thread broke: ${cause.message}`, { cause }));
  }

  /** Its place is taken again once it is really gone: there are never more threads than was said. */
  function discard(thread: Thread): void {
    crew.delete(thread);
    leaving += 1;
    void thread.worker.terminate().finally(() => {
      leaving -= 1;
      next();
    });
  }

  return {
    run: <Answer>(request: unknown, weight = 0) =>
      new Promise<ThreadOutcome<Answer>>((resolve, reject) => {
        if (closed) return reject(new Error('The threads are closed'));
        const behind = waiting.findIndex((other) => other.weight > weight);
        waiting.splice(behind < 0 ? waiting.length : behind, 0, {
          request,
          weight,
          askedAt: nowMs(),
          done: (answer: Answer) => resolve({ kind: 'done', answer }),
          tooMuch: (of) => resolve({ kind: 'tooMuch', of }),
          fail: reject,
        });
        next();
      }),
    async close() {
      closed = true;
      for (const job of waiting.splice(0)) job.fail(new Error('The threads are closed'));
      await Promise.all([...crew].map(({ worker }) => worker.terminate()));
    },
  };
}

async function readUsage(worker: Worker): Promise<NodeJS.CpuUsage | undefined> {
  return worker.cpuUsage().catch(() => undefined);
}

/**
 * Milliseconds of a core that a thread has used since `before`. Infinity when it does not say so within `waitMs`: it does
 * something that V8 does not interrupt, or has ended.
 */
async function measureUse(worker: Worker, before: Working['before'], waitMs: number): Promise<number> {
  const deadline = new AbortController();
  const late = sleep(waitMs, undefined, { signal: deadline.signal, ref: false }).catch(() => undefined);
  const [start, now] = (await Promise.race([Promise.all([before, readUsage(worker)]), late])) ?? [];
  deadline.abort();
  if (start === undefined || now === undefined) return Infinity;
  return (now.user + now.system - start.user - start.system) / 1_000;
}
