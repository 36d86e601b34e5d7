import { afterEach, expect, it, vi } from 'vitest';

const FIRST_PORT = 10_240;
const PORTS_OF_SLICE = 2_720;

/** The slices of all ports in which a test process of this number finds its own. */
async function findSlices(poolId: string): Promise<ReadonlySet<number>> {
  vi.stubEnv('VITEST_POOL_ID', poolId);
  vi.resetModules();
  const { findFreePorts } = await import('../../../dev/process/ports.ts');
  const ports = await findFreePorts(20);
  return new Set(ports.map((port) => Math.floor((port - FIRST_PORT) / PORTS_OF_SLICE)));
}

afterEach(() => vi.unstubAllEnvs());

it('processes of tests that run beside each other find different ports', async () => {
  expect(await findSlices('3')).toEqual(new Set([3]));
  expect(await findSlices('7')).toEqual(new Set([7]));
  expect(await findSlices('9')).toEqual(new Set([1]));
});
