import { setTimeout as sleep } from 'node:timers/promises';
import type { ObjectKey } from '../../../api/meta.ts';
import type { AgentTimes } from './times.ts';
import type { AgentMemory, PassDecision } from './pass.ts';
import type { PlanRun } from './plan-run.ts';
import { decidePass, freshMemory } from './pass.ts';
import { isSameData, layRunFailure, layRunSuccess } from './result.ts';
import { AgentExit, writeAgentResult } from './write.ts';
import type { AgentFaults } from './faults.ts';
import { createLatestInbox } from './inbox.ts';
import {
  type HostPlan,
  type HostPlanPeriodic,
  type OutputMap,
  UnreportedPlanError,
} from '../../elemental/host-plan.ts';
import { type RunPeriodic, runPeriodicInstructions } from './periodic.ts';
import { runProbes } from './probes.ts';
import type { PlanSecret, PlanSecretApi, PlanSecretFeed, SecretData } from '../../elemental/plan-secret.ts';
import { spoilOutput } from './faults.ts';

/** What running a plan's instructions ended with. Outputs are those of earlier runs plus the new ones. */
export interface RunResult {
  succeeded: boolean;
  outputs: OutputMap;
}

/**
 * Runs files and instructions of a plan on the host. Rejects with UnreportedPlanError where the agent would report
 * nothing, and with the signal's reason when the process is killed meanwhile.
 */
export type RunPlan = (run: PlanRun, secret: PlanSecret, signal: AbortSignal) => Promise<RunResult>;

export interface HostAgentOptions {
  key: ObjectKey;
  feed: PlanSecretFeed;
  api: PlanSecretApi;
  runPlan: RunPlan;
  /** Runs one periodic instruction of a plan. */
  runPeriodic: (instruction: HostPlanPeriodic, signal: AbortSignal) => ReturnType<RunPeriodic>;
  faults: AgentFaults;
  times: AgentTimes;
  now: () => number;
  /** Called after each pass that ran instructions, when its result was written or lost. */
  onRunEnded?: () => void;
}

export interface HostAgent {
  /** Makes a pass now, as an event of the Secret would. */
  poke(): void;
  /** Ends the process, killing what it runs, and starts another one at once. */
  restart(): void;
  /** Ends it for good; resolves when nothing of it runs any more. */
  stop(): Promise<void>;
}

/** Starts the simulated rancher/system-agent of one host; it restarts after a crash as systemd does. */
export function startHostAgent(options: HostAgentOptions): HostAgent {
  const stopped = new AbortController();
  let life = new AbortController();
  let poke = (): void => {};
  const supervise = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      life = new AbortController();
      const signal = AbortSignal.any([life.signal, stopped.signal]);
      await runAgentProcess(options, signal, (processPoke) => (poke = processPoke));
      // A crash waits for systemd; restart() cuts that short, stop() ends it.
      await sleep(options.times.restartDelayMs, undefined, { signal }).catch(() => undefined);
    }
  };
  const ended = supervise();
  return {
    poke: () => poke(),
    restart: () => life.abort(new AgentExit('restarted')),
    stop: async () => {
      stopped.abort(new AgentExit('stopped'));
      await ended;
    },
  };
}

/** One process: resolves when it was killed or crashed. */
async function runAgentProcess(
  options: HostAgentOptions,
  signal: AbortSignal,
  onStart: (poke: () => void) => void,
): Promise<void> {
  const inbox = createLatestInbox<PlanSecret>(signal);
  const unsubscribe = options.feed.subscribe(options.key, (secret) => inbox.put(secret));
  onStart(() => inbox.wake());
  let memory = freshMemory(options.times.periodMs);
  let failedPasses = 0;
  let waitMs: number | undefined;
  try {
    for (;;) {
      await inbox.next(waitMs);
      waitMs = undefined;
      const secret = inbox.latest();
      if (secret === undefined || options.faults.silent) continue;
      const outcome = await passOnce(options, secret, memory, signal);
      memory = outcome.memory;
      failedPasses = outcome.next === 'backoff' ? failedPasses + 1 : 0;
      waitMs = nextWaitMs(options.times, outcome, failedPasses);
    }
  } catch (error) {
    if (!(error instanceof AgentExit)) throw error;
  } finally {
    unsubscribe();
  }
}

interface PassOutcome {
  memory: AgentMemory;
  /** After a failed run there is no tick: its own write is the next event. */
  next: 'tick' | 'event' | 'backoff';
}

function nextWaitMs(times: AgentTimes, outcome: PassOutcome, failedPasses: number): number | undefined {
  if (outcome.next === 'tick') return outcome.memory.periodMs;
  if (outcome.next === 'event') return undefined;
  return times.backoffsMs[Math.min(failedPasses, times.backoffsMs.length) - 1];
}

async function passOnce(
  options: HostAgentOptions,
  secret: PlanSecret,
  memory: AgentMemory,
  signal: AbortSignal,
): Promise<PassOutcome> {
  const decision: PassDecision = decidePass({
    secret,
    memory,
    nowMs: options.now(),
    retryCooldownMs: options.times.retryCooldownMs,
    ignoresPlanState: options.faults.ignoresPlanState,
  });
  switch (decision.kind) {
    case 'stale':
      return { memory, next: 'tick' };
    case 'idle':
      return { memory: decision.memory, next: 'tick' };
    case 'unreadable':
      return { memory: decision.memory, next: 'backoff' };
    case 'settled': {
      const at = { ran: false, first: !memory.ranOnce };
      const data = await runBeside(options, decision.plan, decision.data, at, signal).catch((error: unknown) => {
        if (error instanceof UnreportedPlanError) return undefined;
        throw signal.aborted ? new AgentExit('killed', { cause: error }) : error;
      });
      if (data === undefined) return { memory: decision.memory, next: 'backoff' };
      return { memory: await write(options, secret, data, decision.memory, signal), next: 'tick' };
    }
    case 'run':
      return runAndReport(options, secret, decision.run, decision.memory, signal);
  }
}

async function runAndReport(
  options: HostAgentOptions,
  secret: PlanSecret,
  run: PlanRun,
  memory: AgentMemory,
  signal: AbortSignal,
): Promise<PassOutcome> {
  let current = memory;
  let base = secret;
  try {
    if (run.announcement !== undefined) {
      base = await options.api.put({ ...secret, data: { ...run.announcement } });
      current = { ...memory, lastResourceVersion: base.metadata.resourceVersion };
    }
    signal.throwIfAborted();
    const startedAtMs = options.now();
    const result = await options.runPlan(run, secret, signal);
    const outputs = result.outputs;
    const laid = result.succeeded ? layRunSuccess(run, outputs, startedAtMs) : layRunFailure(run, outputs, startedAtMs);
    const data = await runBeside(options, run.plan, laid, { ran: true, first: true }, signal);
    const written = await write(options, base, spoilOutput(data, options.faults, result.succeeded), current, signal);
    return { memory: written, next: result.succeeded ? 'tick' : 'event' };
  } catch (error) {
    // An AgentExit ends the process; whatever else failed before the write is not reported.
    if (error instanceof AgentExit) throw error;
    if (signal.aborted) throw new AgentExit('killed', { cause: error });
    if (error instanceof UnreportedPlanError || run.announcement !== undefined) {
      return { memory: current, next: 'backoff' };
    }
    throw error;
  } finally {
    options.onRunEnded?.();
  }
}

/** What a pass runs besides the plan's instructions, before its one write; it has no influence on the plan's result. */
async function runBeside(
  options: HostAgentOptions,
  plan: HostPlan,
  data: SecretData,
  { ran, first }: { ran: boolean; first: boolean },
  signal: AbortSignal,
): Promise<SecretData> {
  const at = { ran, nowMs: options.now() };
  const run: RunPeriodic = (instruction) => options.runPeriodic(instruction, signal);
  const periodic = await runPeriodicInstructions(plan, data, at, run);
  signal.throwIfAborted();
  return runProbes(plan, periodic, first, signal);
}

async function write(
  options: HostAgentOptions,
  base: PlanSecret,
  data: SecretData,
  memory: AgentMemory,
  signal: AbortSignal,
): Promise<AgentMemory> {
  if (isSameData(base.data, data)) return memory;
  const { api, faults } = options;
  const written = await writeAgentResult({ api, faults, retryMs: options.times.writeRetryMs, signal }, base, data);
  return { ...memory, lastResourceVersion: written.metadata.resourceVersion };
}
