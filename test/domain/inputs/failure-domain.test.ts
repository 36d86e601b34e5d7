import { describe, expect, it } from 'vitest';
import { baremetalMachines, machineInventories } from '../../../api/resources.ts';
import { MAX_NAME } from '../../../domain/inputs/bounded-text.ts';
import { viewHost } from '../../../domain/inputs/host-view.ts';
import { isSnapshot } from '../../../domain/inputs/machine-snapshot.ts';
import { viewMachine } from '../../../domain/inputs/machine-view.ts';
import { fingerprintSnapshot } from '../../../domain/inputs/snapshot-fingerprint.ts';
import { snapshot } from '../life/life-fixtures.ts';

const metadata = { namespace: 'demo', name: 'h1', uid: 'u', resourceVersion: '1' };

describe('the failure domain of a host', () => {
  const labels = { 'topology.kubernetes.io/zone': 'east', 'example.com/rack': 'r7', 'example.com/empty': '' };
  const inventory = machineInventories.schema.parse({
    apiVersion: 'elemental.cattle.io/v1beta1',
    kind: 'MachineInventory',
    metadata: { ...metadata, labels },
  });

  it.each([
    ['topology.kubernetes.io/zone', 'east'],
    ['example.com/rack', 'r7'],
    ['example.com/empty', undefined],
    ['example.com/none', undefined],
  ])('is what its label %s says: %s', (key, expected) => {
    expect(viewHost(inventory, { failureDomain: key, hardware: {} }).failureDomain).toBe(expected);
  });
});

describe('a machine that waits for a host of a failure domain', () => {
  const waiting = (reason: string, awaitedFailureDomain: string) =>
    viewMachine(
      baremetalMachines.schema.parse({
        apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta1',
        kind: 'BaremetalMachine',
        metadata,
        spec: { machineInventoryPoolRef: { name: 'workers' } },
        status: {
          awaitedFailureDomain,
          conditions: [
            {
              type: 'InventoryAllocated',
              status: 'False',
              reason,
              message: '',
              lastTransitionTime: '2026-01-01T00:00:00Z',
            },
          ],
        },
      }),
    );

  it('is one of those that wait, and is bounded', () => {
    expect(waiting('FailureDomainExhausted', 'east')).toMatchObject({
      waitsForHost: true,
      awaitedFailureDomain: 'east',
    });
    expect(waiting('WriteRefused', 'east').waitsForHost).toBe(false);
    expect(waiting('FailureDomainExhausted', 'x'.repeat(500)).awaitedFailureDomain).toHaveLength(MAX_NAME);
  });
});

describe('the failure domain in a snapshot', () => {
  const { provisioning } = snapshot();
  const named = (failureDomain: unknown) => ({ ...snapshot(), provisioning: { ...provisioning, failureDomain } });

  it('is a text, or absent', () => {
    expect(isSnapshot(named('east'))).toBe(true);
    expect(isSnapshot(named(undefined))).toBe(true);
    expect(isSnapshot(named(7))).toBe(false);
  });

  it('is news when it changes, and leaves the fingerprints of before it as they were', () => {
    const [east, west] = ['east', 'west'].map((failureDomain) =>
      fingerprintSnapshot(
        snapshot({
          provisioning: { version: null, bootstrapSecret: null, bootstrapRevision: null, image: '', failureDomain },
        }),
      ),
    );
    expect(east).not.toBe(west);
    expect(fingerprintSnapshot(snapshot())).toBe('a10bda4936ed2448');
  });
});
