import { type ControllerDeps, monotonicNowMs } from './controller-deps.ts';
import type { MachineController } from './machine-controller.ts';
import { agrees } from './machines/workflow-starter.ts';
import { waitMs } from './queue/wait-ms.ts';
import type { ListingTrust } from './runs/open-runs.ts';

const RETRY_MS = 15_000;
/** Changes bring a machine here at once; this is for what nobody thought of. */
const LOOK_AT_ALL_MS = 3_600_000;

/** Compares at the start, every few minutes, and as soon as Temporal is back after an outage. */
export async function compareRunsUntil(
  signal: AbortSignal,
  machines: Pick<MachineController, 'believedRuns' | 'resync' | 'lookAtAll' | 'forgetTold'>,
  deps: ControllerDeps,
): Promise<void> {
  const { logger, temporalReturns, resyncPeriodMs, noteMissingRuns, readCompared, noteCompared } = deps;
  const comparedAtMs = await readCompared?.();
  let trust: ListingTrust =
    comparedAtMs === undefined ? 'nothing' : { runs: machines.believedRuns(), atMs: comparedAtMs };
  let lookedAtMs = monotonicNowMs();
  while (!signal.aborted) {
    if (monotonicNowMs() - lookedAtMs > LOOK_AT_ALL_MS) {
      machines.lookAtAll();
      lookedAtMs = monotonicNowMs();
    }
    let pauseMs = resyncPeriodMs;
    try {
      await prepareTemporal(deps);
      const askedAtMs = Date.now();
      const report = await machines.resync(trust);
      trust = 'lastListing';
      if (agrees(report)) noteCompared?.(askedAtMs);
      noteMissingRuns?.(report.missing);
      logger.info(report, 'Compared open runs with machines');
    } catch (error) {
      logger.warn({ err: error }, 'Could not compare open runs with machines');
      pauseMs = Math.min(RETRY_MS, resyncPeriodMs);
    }
    if (temporalReturns === undefined) {
      await waitMs(pauseMs, signal);
      continue;
    }
    const returned = await temporalReturns.waitForNext(pauseMs, signal);
    if (returned !== undefined) trust = 'nothing';
    if (returned === 'otherData') {
      logger.warn({}, 'Temporal has lost its data: each machine gets a new run, which adopts what it finds');
      machines.forgetTold();
    }
  }
}

/** A Temporal that cannot be prepared now is no reason to wait: each call says so itself, and is tried again. */
export async function prepareTemporal({ logger, prepareTemporal: prepare }: ControllerDeps): Promise<void> {
  await prepare?.().catch((error: unknown) => {
    logger.warn({ err: error }, 'Could not prepare Temporal');
  });
}
