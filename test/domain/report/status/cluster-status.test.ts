import { describe, expect, it } from 'vitest';
import { baremetalClusterSchema } from '../../../../api/cluster.ts';
import { API_GROUP_VERSION } from '../../../../api/constants.ts';
import { computeClusterStatus, findEndpoint } from '../../../../domain/report/status/cluster-status.ts';
import { viewBaremetalCluster } from '../../../../domain/inputs/cluster-view.ts';

const own = { host: 'own.example', port: 1 };
const balancer = { host: 'balancer.example', port: 2 };
const foreign = { host: 'foreign.example', port: 3 };

function view(spec: object, metadata: object = {}) {
  const object = {
    apiVersion: API_GROUP_VERSION,
    kind: 'BaremetalCluster',
    metadata: { name: 'c', ...metadata },
    spec,
  };
  return viewBaremetalCluster(baremetalClusterSchema.parse(object));
}

describe('findEndpoint', () => {
  it.each([
    [{ controlPlaneEndpoint: own, controlPlaneLoadBalancer: balancer }, foreign, own],
    [{ controlPlaneLoadBalancer: balancer }, foreign, balancer],
    [{ controlPlaneLoadBalancer: { host: 'no-port.example' } }, foreign, foreign],
    [{ controlPlaneLoadBalancer: { port: 4 } }, undefined, undefined],
  ])('of %o and %o is %o', (spec, ofCluster, expected) => {
    expect(findEndpoint(view(spec), ofCluster)).toEqual(expected);
  });
});

describe('computeClusterStatus', () => {
  it.each([
    [own, 'own.example:1'],
    [{ host: '192.0.2.1', port: 6443 }, '192.0.2.1:6443'],
    [{ host: '2001:db8::1', port: 6443 }, '[2001:db8::1]:6443'],
  ])('says where %o is', (endpoint, message) => {
    const { conditions } = computeClusterStatus(view({}), { endpoint, machines: [], failureDomains: [] });
    expect(conditions).toMatchObject([
      { type: 'Ready', status: 'True', message: '' },
      { type: 'EndpointReady', status: 'True', message },
    ]);
  });

  it('names at most ten machines', () => {
    const machines = Array.from({ length: 12 }, (_, index) => `m-${index}`);
    const deleting = view({}, { deletionTimestamp: '2026-01-01T00:00:00Z', generation: 3 });
    const { conditions, provisioned } = computeClusterStatus(deleting, { endpoint: own, machines, failureDomains: [] });
    expect(provisioned).toBe(true);
    expect(conditions[0]).toMatchObject({ reason: 'MachinesExist', observedGeneration: 3 });
    expect(conditions[0]?.message).toMatch(/m-0, .*m-9 and 2 more$/);
  });
});
