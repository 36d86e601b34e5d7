import { describe, expect, test } from 'vitest';
import { findNodeIdentity, parseSeed } from '../../../../dev/host/node/identity.ts';

const metaData = { 'instance-id': 'i-1', local_hostname: 'host-1' };

function identify(...documents: string[]) {
  const content = documents.map((document) => document.trim()).join('\n---\n');
  const config = { write_files: [{ path: '/run/kubeadm/kubeadm.yaml', content }] };
  return findNodeIdentity(parseSeed(`## template: jinja\n#cloud-config\n${JSON.stringify(config)}`, metaData));
}

const registration = `
nodeRegistration:
  name: '{{ ds.meta_data.local_hostname }}'
  kubeletExtraArgs:
    - {name: provider-id, value: baremetal:///host-1}`;

const cluster = `
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
controlPlaneEndpoint: 127.0.0.1:6443`;

const init = `
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration${registration}`;

const join = `
apiVersion: kubeadm.k8s.io/v1beta4
kind: JoinConfiguration
discovery: {bootstrapToken: {apiServerEndpoint: '127.0.0.1:7443'}}${registration}`;

describe('findNodeIdentity', () => {
  const named = { name: 'host-1', providerId: 'baremetal:///host-1', taints: [] };

  test.each([
    ['kubeadm init', [cluster, init], { controlPlane: true, startsCluster: true, endpoint: '127.0.0.1:6443' }],
    ['whatever the order', [init, cluster], { controlPlane: true, startsCluster: true, endpoint: '127.0.0.1:6443' }],
    ['init without an endpoint', [init], { controlPlane: true, startsCluster: true, endpoint: '' }],
    ['a worker', [join], { controlPlane: false, startsCluster: false, endpoint: '127.0.0.1:7443' }],
    [
      'another control plane node',
      [`${join}\ncontrolPlane: {localAPIEndpoint: {}}`],
      { controlPlane: true, startsCluster: false, endpoint: '127.0.0.1:7443' },
    ],
  ])('%s', (_, documents, expected) => {
    expect(identify(...documents)).toEqual({ ...named, ...expected });
  });

  test('nothing of kubeadm is nobody', () => {
    expect(identify('kind: Pod')).toBeUndefined();
  });
});
