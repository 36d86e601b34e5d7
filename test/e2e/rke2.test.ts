import { expect } from 'vitest';
import { conditionOf, createMachine, createPool, untilProvisioned, waitForMachine } from '../support/machines.ts';
import { siteTest } from '../support/site-test.ts';

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

const test = siteTest('rke2', { hosts: ['rk-host'] });

test('a machine of RKE2 joins under the host name of its pool, with the provider id of its inventory', async ({
  site,
}) => {
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
