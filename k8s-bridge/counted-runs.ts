import type { MachineRuns } from './machine-runs.ts';

/** Counts every call to Temporal by its name, before it is made. `runs` keeps its contract. */
export function countCalls(runs: MachineRuns, count: (call: keyof MachineRuns) => void): MachineRuns {
  const counted =
    <Args extends unknown[], Result>(call: keyof MachineRuns, method: (...args: Args) => Result) =>
    (...args: Args): Result => {
      count(call);
      return method(...args);
    };
  return {
    observe: counted('observe', runs.observe),
    tell: counted('tell', runs.tell),
    wake: counted('wake', runs.wake),
    completePlan: counted('completePlan', runs.completePlan),
    operate: counted('operate', runs.operate),
    listOpen: counted('listOpen', runs.listOpen),
  };
}
