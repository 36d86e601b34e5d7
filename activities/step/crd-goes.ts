import { baremetalMachines, customResourceDefinitions } from '../../api/resources.ts';
import { KubeApiError } from '../../runtime/kube/client.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { RefusedError } from './refused.ts';

const NAME = `${baremetalMachines.plural}.${baremetalMachines.group}`;

/**
 * Who deletes our CRD deletes every machine, and has said nothing of their hosts: they are left as they are. Without the
 * right to look nothing is held back.
 * @throws RefusedError while the CRD goes, and where there is none any more
 */
export async function refuseWhileCrdGoes({ kube }: ActivityDependencies): Promise<void> {
  let crd;
  try {
    crd = await kube.find(customResourceDefinitions, { namespace: '', name: NAME });
  } catch (error) {
    if (error instanceof KubeApiError && error.code === 403) return;
    throw error;
  }
  if (crd !== undefined && crd.metadata.deletionTimestamp === undefined) return;
  throw new RefusedError(
    `The CRD ${NAME} is being deleted and takes its machines along, so their hosts stay as they are ` +
      '(docs/guides/uninstall.md says how to go on)',
  );
}
