import { createHash } from 'node:crypto';
import { machineInventories } from '../../api/resources.ts';
import { assertNever } from '../../domain/assert-never.ts';
import type { HostAcceptance } from '../../domain/inputs/host-acceptance.ts';
import type { HostView } from '../../domain/inputs/host-view.ts';
import { describeRefusal } from '../../domain/pool/acceptance.ts';
import type { KubeClient } from '../../runtime/kube/client.ts';
import { createEvent } from '../../runtime/kube/events.ts';

/** Says in an Event on the inventory where the host is with the checks of its pool; once for each state of an attempt. */
export async function tellAcceptance(client: Pick<KubeClient, 'create'>, host: HostView): Promise<void> {
  const { namespace, name, uid, resourceVersion, acceptance } = host;
  if (acceptance === undefined) return;
  const text = `${uid}/${acceptance.attempt}/${acceptance.state}/${acceptance.results?.timedOut}`;
  await createEvent(client, {
    resource: machineInventories,
    object: { namespace, name, uid, resourceVersion },
    type: acceptance.state === 'NotAccepted' ? 'Warning' : 'Normal',
    reason: acceptance.state,
    message: messageOf(acceptance),
    component: 'ironloom-bridge',
    digest: createHash('sha256').update(text).digest('hex').slice(0, 16),
  });
}

/** What the host said of itself stays on the inventory: an Event has names only. */
function messageOf(acceptance: HostAcceptance): string {
  switch (acceptance.state) {
    case 'Validating':
      return 'The host runs the checks of its pool before it is offered';
    case 'Accepted':
      return 'The host has passed the checks of its pool, and can be claimed';
    case 'NotAccepted':
      return `The host stays out of allocation: ${describeRefusal(acceptance)}. \`ironloom explain host\` tells what was found; \`ironloom validate\` runs the checks again`;
    default:
      return assertNever(acceptance.state);
  }
}
