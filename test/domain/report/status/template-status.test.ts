import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HostView } from '../../../../domain/inputs/host-view.ts';
import { type PoolView, viewPool } from '../../../../domain/inputs/pool-view.ts';
import type { TemplateView } from '../../../../domain/inputs/template-view.ts';
import { computeTemplateStatus } from '../../../../domain/report/status/template-status.ts';
import { freeHost } from '../../../support/pool-fixtures.ts';
import { machineInventoryPools } from '../../../../api/resources.ts';

const template: TemplateView = {
  namespace: 'demo',
  name: 'workers',
  uid: 't',
  resourceVersion: '1',
  generation: 4,
  deleting: false,
  pool: 'workers',
  capacity: undefined,
  nodeInfo: undefined,
  conditions: [],
};

const poolOf = (names: readonly string[]): PoolView =>
  viewPool(
    machineInventoryPools.schema.parse({
      apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta1',
      kind: 'MachineInventoryPool',
      metadata: { namespace: 'demo', name: 'workers' },
      spec: { clusterName: 'demo', machineInventories: names.map((name) => ({ name })) },
    }),
  );

function statusOf(
  hosts: Record<string, Record<string, string> | undefined>,
  changes: Record<string, Partial<HostView>> = {},
) {
  const views = new Map(
    Object.entries(hosts).map(([name, hardware]) => [name, freeHost(name, { hardware, ...changes[name] })]),
  );
  return computeTemplateStatus(template, poolOf(Object.keys(hosts)), (name) => views.get(name));
}

const small = { cpu: '16', memory: '68719476736', architecture: 'amd64' };
const large = { cpu: '64', memory: '34359738368', architecture: 'x86_64', 'nvidia.com/gpu': '4' };
const known = { type: 'CapacityKnown', status: 'True', reason: 'CapacityKnown', message: '', observedGeneration: 4 };

describe('what a machine of a template gets at least', () => {
  it('is the minimum of each resource, in texts, with the pods that a kubelet takes', () => {
    expect(statusOf({ h1: small, h2: large })).toEqual({
      capacity: { cpu: '16', memory: '34359738368', pods: '110' },
      nodeInfo: { architecture: 'amd64', operatingSystem: 'linux' },
      condition: known,
    });
  });

  it('has a resource beside cpu and memory only where all hosts have it', () => {
    const disk = { 'ephemeral-storage': '480103981056' };
    const gpus = statusOf({ h1: { ...large, ...disk }, h2: { ...large, 'nvidia.com/gpu': '2', ...disk } });
    expect(gpus.capacity).toMatchObject({ 'nvidia.com/gpu': '2', 'ephemeral-storage': '480103981056' });
    expect(statusOf({ h1: { ...large, ...disk }, h2: small }).capacity).toEqual({
      cpu: '16',
      memory: '34359738368',
      pods: '110',
    });
    expect(statusOf({ h1: { ...small, pods: '250' } }).capacity).toMatchObject({ pods: '250' });
  });

  it.each([
    ['no label', undefined],
    ['no memory', { cpu: '16' }],
    ['no cpu', { memory: '1' }],
    ['words', { cpu: 'many', memory: '1' }],
    ['nothing', { cpu: '0', memory: '1' }],
    ['a unit', { cpu: '16', memory: '64Gi' }],
    ['a number beyond all hosts', { cpu: '16', memory: '9'.repeat(30) }],
  ])('names a host with %s, and counts the others', (_, hardware) => {
    const status = statusOf({ h1: large, odd: hardware, h2: small });
    expect(status.capacity).toEqual({ cpu: '16', memory: '34359738368', pods: '110' });
    expect(status.condition).toEqual({
      ...known,
      status: 'False',
      reason: 'HardwareUnknown',
      message: 'Without labels that tell cpu and memory: odd (label the MachineInventories; the others count)',
    });
  });

  it('names at most ten', () => {
    const hosts = Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`h${at}`, undefined]));
    const status = statusOf(hosts);
    expect(status.capacity).toBeUndefined();
    expect(status.condition.message).toMatch(/: h0, .*h9 and 2 more \(/);
  });

  it('is not told by hosts that are not there', () => {
    expect(statusOf({ h1: { ...small, cpu: '1' }, h2: small }, { h1: { deleting: true } }).capacity?.['cpu']).toBe(
      '16',
    );
    const empty = computeTemplateStatus(template, poolOf(['h1']), () => undefined);
    expect(empty).toMatchObject({ capacity: undefined, condition: { status: 'False', reason: 'NoHosts' } });
    expect(computeTemplateStatus(template, undefined, () => undefined)).toMatchObject({
      capacity: undefined,
      condition: { status: 'False', reason: 'PoolMissing', message: 'MachineInventoryPool workers does not exist' },
    });
  });

  it.each([
    ['amd64', 'amd64'],
    ['x86_64', 'amd64'],
    ['aarch64', 'arm64'],
    ['arm64', 'arm64'],
    ['s390x', 's390x'],
    ['ppc64le', 'ppc64le'],
    ['riscv64', undefined],
  ])('calls the architecture %s as the contract does: %s', (architecture, expected) => {
    const { nodeInfo, condition } = statusOf({ h1: { ...small, architecture } });
    expect(nodeInfo?.architecture).toBe(expected);
    expect(condition).toEqual(known);
  });

  it('tells no architecture that only some hosts have', () => {
    const { architecture: _, ...silent } = small;
    for (const other of [{ ...small, architecture: 'arm64' }, silent]) {
      expect(statusOf({ h1: small, h2: other })).toMatchObject({
        capacity: { cpu: '16' },
        nodeInfo: undefined,
        condition: { status: 'False', reason: 'ArchitecturesDiffer' },
      });
    }
  });

  it('is what each host has, whatever the order', () => {
    const resource = fc.option(fc.integer({ min: 0, max: 1_000 }).map(String), { nil: undefined });
    const hardware = fc
      .record({ cpu: resource, memory: resource, 'ephemeral-storage': resource })
      .map((all) =>
        Object.fromEntries(Object.entries(all).flatMap(([key, text]) => (text === undefined ? [] : [[key, text]]))),
      );
    fc.assert(
      fc.property(fc.array(hardware, { maxLength: 6 }), (all) => {
        const hosts = Object.fromEntries(all.map((one, at) => [`h${at}`, one]));
        const { capacity } = statusOf(hosts);
        const turned = statusOf(Object.fromEntries(Object.entries(hosts).toReversed()));
        expect(turned.capacity).toEqual(capacity);
        const told = all.filter(({ cpu = '0', memory = '0' }) => cpu !== '0' && memory !== '0');
        expect(capacity !== undefined).toBe(told.length > 0);
        for (const [key, text] of Object.entries(capacity ?? {})) {
          if (key === 'pods') continue;
          expect(Math.min(...told.map((one) => Number(one[key] ?? 0)))).toBe(Number(text));
        }
      }),
    );
  });
});
