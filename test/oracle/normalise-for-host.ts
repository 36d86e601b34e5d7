import { normaliseBootstrap } from '../../domain/bootstrap/cloud-init.ts';
import { metaDataOf } from '../support/host-meta-data.ts';

/** The host of all user-data that is judged. */
export const host = { name: 'n1', providerID: 'baremetal:///n1' };

/** What cloud-init knows of it, as the seed says. */
export const metaData = `instance-id: reprovision-1
local-hostname: ${host.name}
hostname: ${host.name}
name: ${host.name}
providerid: ${host.providerID}
provider_id: ${host.providerID}
uuid: 11111111-2222-3333-4444-555555555555
cluster: demo
pool: workers
labels: {}
`;

/** Undefined: refused. */
export function normaliseForHost(userData: Buffer): string | undefined {
  const result = normaliseBootstrap({ userData, metaData: metaDataOf(host.name, host.providerID) });
  return result.kind === 'normalised' ? result.userData : undefined;
}
