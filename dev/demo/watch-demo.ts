import {
  baremetalMachines,
  capiMachines,
  machineInventories,
  machineInventoryPools,
  type Resource,
} from '../../api/resources.ts';
import { createInformer, type Informer, type StoreItem } from '../../runtime/kube/cache/informer.ts';
import type { KubeClient } from '../../runtime/kube/client.ts';
import { createLogger } from '../../runtime/logger.ts';
import {
  type DemoView,
  type HostRow,
  type MachineRow,
  projectCapiMachine,
  projectHost,
  projectMachine,
  projectPool,
} from './demo-view.ts';
import type { Transition } from './transition.ts';

/** Follows a namespace by watches, for as long as it is open. */
export interface DemoWatch {
  /** How things stand now. */
  view(): DemoView;
  /** Something of the view changed. */
  onChange(handler: () => void): () => void;
  /** A machine entered a phase or went, or a host became `Available` again; each told once. */
  onTransition(handler: (transition: Transition) => void): void;
  close(): Promise<void>;
}

/** Watches machines, hosts and pools of a namespace. Resolves when all were listed. */
export async function watchDemo(client: KubeClient, namespace: string): Promise<DemoWatch> {
  const logger = createLogger({ level: 'silent', component: 'demo' });
  const follow = <R, T extends StoreItem>(resource: Resource<R>, project: (object: R) => T): Informer<T> =>
    createInformer({ client, namespace, resource, logger, project: (raw) => project(resource.schema.parse(raw)) });
  const machines = follow(baremetalMachines, projectMachine);
  const capi = follow(capiMachines, projectCapiMachine);
  const hosts = follow(machineInventories, projectHost);
  const pools = follow(machineInventoryPools, projectPool);
  const informers = [machines, capi, hosts, pools];

  const phaseSince = new Map<string, number>();
  const gone = new Map<string, MachineRow>();
  const changeHandlers = new Set<() => void>();
  const transitionHandlers = new Set<(transition: Transition) => void>();
  const tell = (transition: Transition): void => transitionHandlers.forEach((handler) => handler(transition));

  machines.onChange((_key, current, previous) => {
    const machine = current ?? previous;
    if (machine === undefined) return;
    if (current === undefined) gone.set(machine.uid, machine);
    if (current?.phase === previous?.phase && previous !== undefined) return;
    phaseSince.set(machine.uid, Date.now());
    tell({ kind: 'machine', machine, from: previous?.phase, to: current === undefined ? 'gone' : current.phase });
  });
  hosts.onChange((_key, current, previous) => {
    if (current?.state !== 'Available' || previous?.state === undefined || previous.state === 'Available') return;
    tell({ kind: 'host', host: current, from: previous.state });
  });
  for (const informer of informers) informer.onChange(() => changeHandlers.forEach((handler) => handler()));
  for (const informer of informers) informer.start();
  await Promise.all(informers.map(({ synced }) => synced));

  return {
    view() {
      const [pool] = pools.store.list();
      const rows = [...machines.store.list()].toSorted(byAge).map((machine) => {
        const owner = capi.store.get({ namespace, name: machine.ownerMachine ?? '' });
        const phaseSinceMs = phaseSince.get(machine.uid) ?? Date.now();
        return { ...machine, capiPhase: owner?.phase, node: owner?.node, phaseSinceMs };
      });
      return { machines: rows, gone: [...gone.values()], hosts: sortHosts(hosts.store.list(), pool?.members), pool };
    },
    onChange(handler) {
      changeHandlers.add(handler);
      return () => changeHandlers.delete(handler);
    },
    onTransition: (handler) => void transitionHandlers.add(handler),
    async close() {
      await Promise.all(informers.map((informer) => informer.stop()));
    },
  };
}

function byAge(left: MachineRow, right: MachineRow): number {
  return left.creationTimestamp.localeCompare(right.creationTimestamp) || left.name.localeCompare(right.name);
}

/** In the pool's order; hosts that it does not name come last. */
function sortHosts(hosts: Iterable<HostRow>, members: readonly string[] = []): HostRow[] {
  const rank = ({ name }: HostRow): number => (members.includes(name) ? members.indexOf(name) : members.length);
  return [...hosts].toSorted((left, right) => rank(left) - rank(right) || left.name.localeCompare(right.name));
}
