import { diff } from 'node:util';
import { foreign, IMAGE_CATALOG_NAME, providerIdOf } from '../../api/constants.ts';
import type { MachineInventory } from '../../api/inventory.ts';
import type { BaremetalMachine } from '../../api/machine.ts';
import { capiClusters, capiMachines, configMaps, machineInventories, secrets } from '../../api/resources.ts';
import { assertNever } from '../../domain/assert-never.ts';
import { hostMetaData } from '../../domain/bootstrap/jinja/meta-data.ts';
import { viewHost } from '../../domain/inputs/host-view.ts';
import { resolveImage } from '../../domain/inputs/image-resolution.ts';
import type { MachineView } from '../../domain/inputs/machine-view.ts';
import type { PoolView } from '../../domain/inputs/pool-view.ts';
import { renderNetworkConfig } from '../../domain/network/config.ts';
import { attemptId, parseAttemptId } from '../../domain/plan/attempt.ts';
import { renderReprovisionPlan } from '../../domain/plan/reprovision.ts';
import { viewPlanSecret } from '../../domain/plan/secret.ts';
import { showPlan } from '../../domain/plan/shown-plan.ts';
import { readEnv } from '../../runtime/env.ts';
import type { KubeClient } from '../../runtime/kube/client.ts';
import { CliError, describeCause } from '../world/failures.ts';
import type { SeenFleet } from '../access/fleet-reader.ts';
import { findObject } from '../access/kube-access.ts';
import { tellPlanTime } from './plan-time.ts';

interface Wish {
  client: KubeClient;
  machine: BaremetalMachine;
  view: MachineView;
  pool: PoolView;
  seen: SeenFleet;
  /** Name of the inventory. */
  host: string;
  now: Date;
}

/** Image, network and plan for a machine on that host, as a step would make them; of the bootstrap data nothing is shown. */
export async function previewPlan(wish: Wish): Promise<string[]> {
  const { client, view, host, pool, seen, now } = wish;
  const { namespace } = view;
  const inventory = await findObject(client, machineInventories, { namespace, name: host });
  if (inventory === undefined) throw new CliError(`MachineInventory ${namespace}/${host} does not exist`);
  const [owners, standing] = await Promise.all([readOwners(wish), readStanding(client, inventory, seen.missing)]);
  const hostname = pool.members.find(({ name }) => name === host)?.hostname ?? host;
  const { image } = owners;
  const domain = seen.hosts.find(({ name }) => name === host)?.failureDomain;
  const network = networkOf(wish, inventory, owners.endpoint);
  const known = image.kind === 'resolved' ? image.image : undefined;
  const took = await tellPlanTime({ namespace, pool: pool.name, image: known }, seen, now);
  const lines = [
    `Hostname  ${hostname}`,
    ...(domain === undefined ? [] : [`Domain    ${domain}`]),
    `Image     ${image.kind === 'resolved' ? image.image : `none: ${image.message}`}`,
    `Network   ${describeNetwork(network)}`,
    `Took      ${took}`,
  ];
  if (image.kind !== 'resolved' || network.kind === 'invalid')
    return [...lines, 'Plan      none is written until that is mended'];
  const recorded = parseAttemptId(viewHost(inventory, readEnv().hostLabels).plan?.attemptId ?? '');
  const attempt = recorded?.uid === view.uid && recorded.planType === 'reprovision' ? recorded.attempt + 1 : 1;
  const id = attemptId({ uid: view.uid, planType: 'reprovision', attempt, claim: standing?.uid });
  const { json } = renderReprovisionPlan({
    attemptId: id,
    userData: '',
    hostname,
    metaData: metaDataOf(wish, inventory, hostname),
    image: image.image,
    ...(network.kind === 'config' && { networkConfig: network.yaml }),
  });
  if (standing === undefined) return [...lines, `Plan      ${id}; what stands in the plan Secret is not seen`];
  return [...lines, `Plan      ${id}, instead of ${standing.attempt}:`, ...compare(standing.plan, Buffer.from(json))];
}

async function readOwners({ client, view }: Wish) {
  const { namespace, ownerMachine, clusterName } = view;
  const [machine, cluster, catalog] = await Promise.all([
    ownerMachine === undefined ? undefined : findObject(client, capiMachines, { namespace, name: ownerMachine }),
    clusterName === undefined ? undefined : findObject(client, capiClusters, { namespace, name: clusterName }),
    findObject(client, configMaps, { namespace, name: IMAGE_CATALOG_NAME }),
  ]);
  const image = resolveImage({
    catalog: catalog?.data,
    version: machine?.spec.version,
    clusterRegistry: cluster?.metadata.annotations[foreign.registryAddressAnnotation],
    defaultRegistry: readEnv().defaultRegistry,
  });
  return { image, endpoint: cluster?.spec.controlPlaneEndpoint?.host };
}

/** As the step does: beside the endpoint, and those hosts of the pool that have one of its addresses. */
function networkOf({ pool, seen, host }: Wish, inventory: MachineInventory, endpoint: string | undefined) {
  const own = new Set(viewHost(inventory, readEnv().hostLabels).addresses);
  const neighbours = seen.hosts.filter(
    ({ name, addresses }) =>
      name !== host && pool.memberNames.has(name) && addresses.some((address) => own.has(address)),
  );
  const { network, observedNetwork } = inventory.spec;
  return renderNetworkConfig({ network, observedNetwork }, { endpoint, neighbours });
}

function describeNetwork(network: ReturnType<typeof renderNetworkConfig>): string {
  switch (network.kind) {
    case 'none':
      return 'none is recorded; the image decides';
    case 'invalid':
      return `cannot be used: ${network.message}`;
    case 'config': {
      const left = network.leftOut.length === 0 ? '' : `; left out: ${network.leftOut.join(', ')}`;
      return `network-config of ${network.yaml.split('\n').length - 1} lines${left}`;
    }
    default:
      return assertNever(network);
  }
}

function metaDataOf({ machine, view }: Wish, { metadata }: MachineInventory, hostname: string) {
  return hostMetaData({
    hostname,
    inventory: metadata.name,
    inventoryUid: metadata.uid,
    providerID: providerIdOf(metadata.name),
    cluster: machine.metadata.labels[foreign.clusterNameLabel] ?? '',
    pool: view.pool,
    labels: metadata.labels,
  });
}

/** What stands in the plan Secret, with the rights of whoever asks. */
async function readStanding(client: KubeClient, inventory: MachineInventory, missing: string[]) {
  const name = inventory.status?.plan?.secretRef?.name;
  if (name === undefined) return undefined;
  try {
    const secret = await findObject(client, secrets, { namespace: inventory.metadata.namespace, name });
    if (secret === undefined) return undefined;
    const plan = Buffer.from(secret.data['plan'] ?? '', 'base64');
    const { planAttempt, isEmpty, uid } = viewPlanSecret(secret);
    return { plan, uid, attempt: planAttempt ?? (isEmpty ? 'nothing' : 'a plan of somebody else') };
  } catch (error) {
    missing.push(`What stands in the plan Secret is not seen: ${describeCause(error)}`);
    return undefined;
  }
}

/** The lines that differ, as `diff` shows them. */
function compare(before: Uint8Array, after: Uint8Array): string[] {
  const marks: Record<string, string> = { '1': '-', '-1': '+' };
  return diff(showPlan(before), showPlan(after)).flatMap(([operation, line]) => {
    const mark = marks[String(operation)];
    return mark === undefined ? [] : [`${mark} ${line}`];
  });
}
