import { ZodError } from 'zod';
import { foreign } from '../../api/constants.ts';
import type { BaremetalMachine } from '../../api/machine.ts';
import {
  baremetalMachines,
  capiMachines,
  machineInventories,
  machineInventoryPools,
  objectMetaOnlySchema,
  type Resource,
  secrets,
} from '../../api/resources.ts';
import { viewHost, type HostView } from '../../domain/inputs/host-view.ts';
import { type MachineView, viewWaitingMachine } from '../../domain/inputs/machine-view.ts';
import { type PoolView, viewPool } from '../../domain/inputs/pool-view.ts';
import { parseMachineWorkflowId } from '../../domain/life/run-id.ts';
import { machineRunQuery } from '../../domain/life/run-query.ts';
import { foreignPlanTypeOf } from '../../domain/plan/secret.ts';
import type { PlanSecretFacts } from '../../domain/pool/host-eligibility.ts';
import { keyText } from '../../domain/pool/indexes.ts';
import { createFleet, type Fleet } from '../../domain/report/fleet/fleet.ts';
import { readEnv } from '../../runtime/env.ts';
import type { KubeClient } from '../../runtime/kube/client.ts';
import type { CliWorld } from '../world/cli-world.ts';
import { describeCause } from '../world/failures.ts';
import { tellMissingRight } from './kube-access.ts';
import { withTemporal } from './temporal-client.ts';

/** All that Kubernetes and Temporal say of some namespaces; what could not be asked is told in `missing`. */
export interface SeenFleet {
  fleet: Fleet;
  machines: readonly BaremetalMachine[];
  views: readonly MachineView[];
  pools: readonly PoolView[];
  hosts: readonly HostView[];
  unreadable: ReadonlyMap<string, string>;
  /** Names of Nodes by `keyText` of the CAPI Machine. */
  nodes: ReadonlyMap<string, string>;
  missing: string[];
}

const PAGE_SIZE = 500;

/**
 * Reads what explanations need. Machines, hosts and pools must be there to be listed; plan Secrets, CAPI Machines and
 * runs are left out, and named, where they are not.
 * @throws CliError that names the right that is missing
 */
export async function readFleet(
  client: KubeClient,
  world: CliWorld,
  namespace: string | undefined,
): Promise<SeenFleet> {
  const missing: string[] = [];
  const orMissing = async <T>(what: string, read: Promise<T>): Promise<T | undefined> => {
    try {
      return await read;
    } catch (error) {
      missing.push(`${what}: ${describeCause(error)}`);
      return undefined;
    }
  };
  const { hostLabels, watchFilter } = readEnv();
  const ours = watchFilter === undefined ? undefined : `${foreign.watchFilterLabel}=${watchFilter}`;
  const [machines, pools, hosts, planSecrets, nodes, openRuns] = await Promise.all([
    // Also those of other installations: they have their hosts.
    listParsed(client, baremetalMachines, namespace),
    listParsed(client, machineInventoryPools, namespace, { labelSelector: ours }),
    listParsed(client, machineInventories, namespace),
    orMissing('Plan Secrets are not seen, and are taken to be there', listPlanSecrets(client, namespace)),
    orMissing('Nodes are not seen', listNodes(client, namespace)),
    orMissing('Runs are not seen', listOpenRuns(world)),
  ]);
  const view = (machine: BaremetalMachine): MachineView => viewWaitingMachine(machine, watchFilter);
  const shown = machines.items.filter(
    ({ metadata }) => watchFilter === undefined || metadata.labels[foreign.watchFilterLabel] === watchFilter,
  );
  const parts = {
    machines: machines.items.map(view),
    pools: pools.items.map(viewPool),
    hosts: hosts.items.map((inventory) => viewHost(inventory, hostLabels)),
    unreadable: hosts.unreadable,
    planSecrets,
    openRuns,
  };
  const { pools: seenPools, hosts: seenHosts, unreadable } = parts;
  return {
    fleet: createFleet(parts),
    machines: shown,
    views: shown.map(view),
    pools: seenPools,
    hosts: seenHosts,
    unreadable,
    nodes: nodes ?? new Map<string, string>(),
    missing,
  };
}

interface Listed<T> {
  items: T[];
  /** By `keyText`: the first field of another shape. */
  unreadable: Map<string, string>;
}

async function listParsed<T>(
  client: KubeClient,
  resource: Resource<T>,
  namespace: string | undefined,
  selection: { labelSelector?: string | undefined } = {},
): Promise<Listed<T>> {
  const listed: Listed<T> = { items: [], unreadable: new Map() };
  for (const raw of await listRaw(client, resource, namespace, selection)) {
    try {
      listed.items.push(resource.schema.parse(raw));
    } catch (error) {
      if (!(error instanceof ZodError)) throw error;
      const { metadata } = objectMetaOnlySchema.parse(raw);
      listed.unreadable.set(keyText(metadata), error.issues[0]?.path.join('.') ?? '');
    }
  }
  return listed;
}

/** @throws CliError that names the right that is missing */
async function listRaw(
  client: KubeClient,
  resource: Resource<unknown>,
  namespace: string | undefined,
  selection: { labelSelector?: string | undefined; fieldSelector?: string; metadataOnly?: true },
): Promise<unknown[]> {
  const items: unknown[] = [];
  let continueToken: string | undefined;
  do {
    try {
      const page = await client.list(resource, { ...selection, namespace, limit: PAGE_SIZE, continueToken });
      items.push(...page.items);
      ({ continueToken } = page);
    } catch (error) {
      throw tellMissingRight(error, 'list', resource, namespace);
    }
  } while (continueToken !== undefined);
  return items;
}

async function listPlanSecrets(client: KubeClient, namespace: string | undefined) {
  const selection = { fieldSelector: `type=${foreign.planSecretType}`, metadataOnly: true } as const;
  const found = (await listRaw(client, secrets, namespace, selection)).map((raw) => objectMetaOnlySchema.parse(raw));
  return new Map(
    found.map(({ metadata }): [string, PlanSecretFacts] => [
      keyText(metadata),
      { foreignPlanType: foreignPlanTypeOf(metadata.annotations) },
    ]),
  );
}

async function listNodes(client: KubeClient, namespace: string | undefined): Promise<Map<string, string>> {
  const { items } = await listParsed(client, capiMachines, namespace);
  return new Map(
    items.flatMap(({ metadata, status }) => (status?.nodeRef ? [[keyText(metadata), status.nodeRef.name]] : [])),
  );
}

/** uids of the machines that have an open run. */
function listOpenRuns(world: CliWorld): Promise<ReadonlySet<string>> {
  return withTemporal(world.answerTimeoutMs, async ({ client, taskQueue }) => {
    const uids = new Set<string>();
    for await (const { workflowId } of client.workflow.list({ query: machineRunQuery(taskQueue, { open: true }) })) {
      const machine = parseMachineWorkflowId(workflowId);
      if (machine !== undefined) uids.add(machine.uid);
    }
    return uids;
  });
}
