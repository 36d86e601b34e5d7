import { hostMetaData, type HostMetaData } from '../../domain/bootstrap/jinja/meta-data.ts';

/** What the seed of host `n1` says. */
export function metaDataOf(hostname = 'n1', providerID = 'baremetal:///n1'): HostMetaData {
  return hostMetaData({
    hostname,
    inventory: 'n1',
    inventoryUid: '3f1c0e7a-0000-4000-8000-000000000001',
    providerID,
    cluster: 'demo',
    pool: 'workers',
    labels: { 'topology.kubernetes.io/zone': 'a', rack: 'r1' },
  });
}
