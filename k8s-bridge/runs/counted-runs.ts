import type { MachineRuns } from './machine-runs.ts';

/** Counts every call to Temporal by its name, before it is made. `runs` keeps its contract. */
export function countCalls(runs: MachineRuns, count: (call: keyof MachineRuns) => void): MachineRuns {
  const counted = <Result>(call: keyof MachineRuns, work: () => Result): Result => {
    count(call);
    return work();
  };
  return {
    observe: (...args) => counted('observe', () => runs.observe(...args)),
    tell: (...args) => counted('tell', () => runs.tell(...args)),
    wake: (...args) => counted('wake', () => runs.wake(...args)),
    completePlan: (...args) => counted('completePlan', () => runs.completePlan(...args)),
    operate: (...args) => counted('operate', () => runs.operate(...args)),
    end: (...args) => counted('end', () => runs.end(...args)),
    look: (...args) => counted('look', () => runs.look(...args)),
    isAtRest: (machine) => counted('isAtRest', () => runs.isAtRest(machine)),
    hasOpenRun: (machine) => counted('hasOpenRun', () => runs.hasOpenRun(machine)),
    listOpen: (trust) => counted('listOpen', () => runs.listOpen(trust)),
    readPauses: (run) => counted('readPauses', () => runs.readPauses(run)),
  };
}
