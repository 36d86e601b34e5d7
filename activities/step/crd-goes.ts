import { baremetalMachines } from '../../api/resources.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { RefusedError } from './refused.ts';

const NAME = `${baremetalMachines.plural}.${baremetalMachines.group}`;

/**
 * Who deletes our CRD deletes every machine, and has said nothing of their hosts: they are left as they are. The right to
 * look may go moments before the others, by the same deletion, so without it they are left, too.
 * @throws RefusedError while the CRD goes, and where there is none any more; KubeApiError 403 without the right to look
 */
export async function refuseWhileCrdGoes({ shared }: ActivityDependencies): Promise<void> {
  const crd = await shared.findCrd({ namespace: '', name: NAME });
  if (crd !== undefined && crd.metadata.deletionTimestamp === undefined) return;
  throw new RefusedError(
    `The CRD ${NAME} is being deleted and takes its machines along, so their hosts stay as they are ` +
      '(docs/guides/uninstall.md says how to go on)',
  );
}
