// The SDK takes the stack of each promise of a run, for its query `__stack_trace`: with ten frames a quarter of the CPU time of
// the workflow thread, and a third of the memory of a run. One frame still says where an error was thrown.
Error.stackTraceLimit = 1;

export { machineLifecycle } from './machine-lifecycle.ts';
