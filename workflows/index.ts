export { machineLifecycle } from './machine-lifecycle.ts';
