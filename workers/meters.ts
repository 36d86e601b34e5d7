import type { InjectedSinks } from '@temporalio/worker';
import type { StepMeter } from '../activities/index.ts';
import type { LifeMeter, LifeSinks } from '../domain/life/meter.ts';
import { metricDefinitions } from '../runtime/metric-definitions.ts';
import { createCounter, createHistogram, type Registry } from '../runtime/metrics.ts';

/** What activities tell; call it once per registry. */
export function createStepMeter(registry: Registry): StepMeter {
  const observeClaim = createHistogram(registry, metricDefinitions.claims);
  const countConflict = createCounter(registry, metricDefinitions.claimConflicts);
  return {
    claimEnded: (outcome, durationMs) => observeClaim({ outcome }, durationMs / 1000),
    claimConflicted: () => countConflict({}),
  };
}

/** What runs tell; call it once per registry. */
export function createLifeMeter(registry: Registry): LifeMeter {
  const observePhase = createHistogram(registry, metricDefinitions.phases);
  const countPlan = createCounter(registry, metricDefinitions.plans);
  const countOperation = createCounter(registry, metricDefinitions.verbs);
  return {
    phaseLeft: (phase, next, seconds) => observePhase({ phase, next }, seconds),
    planAnswered: (type, result) => countPlan({ type, result }),
    operationAsked: (verb, result) => countOperation({ verb, result }),
  };
}

/** Hands what runs tell to a meter; without one it goes nowhere. */
export function lifeSinks(meter?: LifeMeter): InjectedSinks<LifeSinks> {
  return {
    meter: {
      phaseLeft: { fn: (_info, ...stay) => meter?.phaseLeft(...stay) },
      planAnswered: { fn: (_info, ...answer) => meter?.planAnswered(...answer) },
      operationAsked: { fn: (_info, ...operation) => meter?.operationAsked(...operation) },
    },
  };
}
