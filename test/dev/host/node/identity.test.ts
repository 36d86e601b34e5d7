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
  test.each(['rke2', 'k3s'])('the agent of %s', (kind) => {
    const content =
      "server: https://192.0.2.1:9345\nnode-name: '{{ ds.meta_data.local_hostname }}'\nkubelet-arg: [a=b, provider-id=baremetal:///h]\n";
    const config = { write_files: [{ path: `/etc/rancher/${kind}/config.yaml`, content }] };
    const seed = parseSeed(`## template: jinja\n#cloud-config\n${JSON.stringify(config)}`, metaData);
    expect(findNodeIdentity(seed)).toEqual({
      name: 'host-1',
      providerId: 'baremetal:///h',
      controlPlane: false,
      startsCluster: false,
      endpoint: '192.0.2.1:9345',
      taints: [],
      labels: {},
    });
  });

  const named = { name: 'host-1', providerId: 'baremetal:///host-1', taints: [], labels: {} };

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

  test('the labels that the kubelet is given', () => {
    const labelled = `${join}\n    - {name: node-labels, value: 'example.com/group=md,topology.kubernetes.io/zone=rack-1'}`;
    expect(identify(labelled)?.labels).toEqual({
      'example.com/group': 'md',
      'topology.kubernetes.io/zone': 'rack-1',
    });
  });

  test('nothing of kubeadm is nobody', () => {
    expect(identify('kind: Pod')).toBeUndefined();
  });
});
