import { join } from 'node:path';

/**
 * For this process and all that tests start. Dozens of workers and bridges compile the same modules, and the Go programs
 * have small heaps that grow fast: cores are scarcer here than memory and disk.
 */
export function spareCores(): void {
  process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, '../../node_modules/.cache/compiled');
  process.env['GOGC'] ??= '300';
}
