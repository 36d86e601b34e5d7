import { afterAll, beforeAll, expect, test } from 'vitest';
import { conditionOf, createMachine, createPool, untilProvisioned, waitForMachine } from '../support/machines.ts';
import { type Site, startSite } from '../support/site.ts';

/** As the bootstrap provider of RKE2 writes it for a worker, short. */
const userData = `## template: jinja
#cloud-config

write_files:
-   path: /etc/rancher/rke2/config.yaml
    owner: root:root
    permissions: '0640'
    content: |
      server: https://192.0.2.100:9345
      token: abcdef0123456789
      node-name: '{{ ds.meta_data.local_hostname }}'
      kubelet-arg:
      - provider-id=baremetal:///{{ ds.meta_data.name }}

runcmd:
  - "INSTALL_RKE2_TYPE=agent sh /opt/install.sh"
  - "systemctl enable --now rke2-agent.service"
`;

let site: Site;

beforeAll(async () => {
  site = await startSite('rke2', { hosts: ['rk-spare'], replicas: 0 });
  await site.addHost('rk-host');
  await site.deploy();
});

afterAll(() => site.close());

test('a machine of RKE2 joins under the host name of its pool, with the provider id of its inventory', async () => {
  await createPool(site, 'rk', [{ name: 'rk-host', hostname: 'rk-node' }]);
  await createMachine(site, { name: 'rk', pool: 'rk', userData });
  await untilProvisioned(site, 'rk');
  const joined = await waitForMachine(site, 'rk', 'NodeJoined', (machine) => {
    return conditionOf(machine, 'NodeJoined')?.status === 'True';
  });
  expect(joined.spec.providerID).toBe('baremetal:///rk-host');
  const [capiMachine] = (await site.capiMachines()).filter(({ metadata }) => metadata.name === 'rk');
  expect(capiMachine?.status?.nodeRef?.name).toBe('rk-node');
});
