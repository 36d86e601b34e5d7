import { describe, expect, it } from 'vitest';
import { secretSchema } from '../../api/core.ts';
import { machineInventorySchema } from '../../api/inventory.ts';
import { measureStall } from '../support/event-loop-stall.ts';

const inventory = (parts: object) => ({
  apiVersion: 'elemental.cattle.io/v1beta1',
  kind: 'MachineInventory',
  metadata: { name: 'h', namespace: 'n' },
  ...parts,
});

describe('an inventory', () => {
  it.each([
    ['network', { spec: { network: { interfaces: Array(500_000).fill(1) } } }, 'spec.network'],
    ['recorded network', { spec: { observedNetwork: Array(60_000).fill({}) } }, 'spec.observedNetwork'],
    ['conditions', { status: { conditions: Array(300_000).fill(1) } }, 'status.conditions'],
  ])('with half a million values in its %s is unreadable, in one word and soon', async (_, parts, path) => {
    const { answer, stallMs } = await measureStall(async () => machineInventorySchema.safeParse(inventory(parts)));
    expect(answer.error?.issues.map((issue) => issue.path.join('.'))).toEqual([path]);
    expect(stallMs).toBeLessThan(100);
  });

  it('with thousands of addresses is readable', () => {
    const interfaces = [{ name: 'kube-ipvs0', addresses: Array(20_000).fill('192.0.2.1/32') }];
    expect(machineInventorySchema.safeParse(inventory({ spec: { observedNetwork: { interfaces } } })).success).toBe(
      true,
    );
  });
});

describe('a map of texts', () => {
  it.each([[{ a: 1 }], ['x'], [['x']], [null]])('is not %j', (data) => {
    expect(secretSchema.safeParse({ metadata: { name: 's' }, data }).success).toBe(false);
  });

  it('may be absent, and keeps what it has', () => {
    expect(secretSchema.parse({ metadata: { name: 's' } }).data).toEqual({});
    expect(secretSchema.parse({ metadata: { name: 's' }, data: { a: 'YQ==' } }).data).toEqual({ a: 'YQ==' });
  });
});
