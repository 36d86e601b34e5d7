import { annotations } from '../../api/constants.ts';
import { baremetalMachines } from '../../api/resources.ts';
import { createInventory } from '../../dev/elemental/operator.ts';
import { decodeOutputs } from '../../dev/elemental/host-plan.ts';
import { type PlanSecret, readText, toValue, planSecrets } from '../../dev/elemental/plan-secret.ts';
import { type HostSimulator, startHostSimulator } from '../../dev/host/simulator.ts';
import type { SimulatedHost } from '../../dev/host/simulated-host.ts';
import { type HostTimes, stockVolatilePaths } from '../../dev/host/options.ts';
import { type Site } from './site.ts';
import { getPlanSecret } from './hosts.ts';
import { createPool } from './machines.ts';
import { waitFor } from './wait-for.ts';

/** What is special about a host that a trap is set for. */
export interface TrapHostOptions {
  times?: Partial<HostTimes>;
  /** A stock Elemental image, which keeps little over a reboot. */
  stock?: boolean;
  /** Spec of its inventory. */
  spec?: Record<string, unknown>;
}

/** Hosts that each have times and a disk of their own, in a site that has none. */
export interface TrapHosts {
  /** Registers a host and switches it on. */
  add(name: string, options?: TrapHostOptions): Promise<SimulatedHost>;
  /** The same, and makes a pool of it, of the same name. */
  addWithPool(name: string, options?: TrapHostOptions): Promise<SimulatedHost>;
  stop(): Promise<void>;
}

export async function startTrapHosts({ client, namespace }: Site): Promise<TrapHosts> {
  const common = { client, workloadClient: client, namespace, times: { restartDelayMs: 200 } };
  const usual = await startHostSimulator(common);
  const stock = await startHostSimulator({ ...common, volatilePaths: stockVolatilePaths });
  const simulatorOf = (options: TrapHostOptions): HostSimulator => (options.stock === true ? stock : usual);
  const add: TrapHosts['add'] = async (name, options = {}) => {
    await createInventory(client, { namespace, name, ...(options.spec !== undefined && { spec: options.spec }) });
    return simulatorOf(options).startHost({ namespace, name }, options.times);
  };
  return {
    add,
    async addWithPool(name, options) {
      await createPool({ client, namespace }, name, [name]);
      return add(name, options);
    },
    async stop() {
      await Promise.all([usual.stop(), stock.stop()]);
    },
  };
}

/** Commands that ran on the host and begin so, oldest first. */
export async function commandsOf({ disk }: SimulatedHost, beginning = ''): Promise<string[]> {
  const lines = (await disk.commands()).map(({ command, args }) => [command, ...args].join(' '));
  return lines.filter((line) => line.startsWith(beginning));
}

/** Waits until a command that begins so has begun on the host. */
export async function untilCommand(host: SimulatedHost, beginning: string): Promise<void> {
  await waitFor(
    `${host.name} has begun ${beginning}`,
    async () => (await commandsOf(host, beginning)).length > 0,
    () => commandsOf(host),
    { timeoutMs: 90_000 },
  );
}

/** How often the host ran the plan that came last. */
export function runsOf(host: SimulatedHost): number {
  return host.plansReceived.at(-1)?.runs ?? 0;
}

/** Types of the plans that the host ran, oldest first, each once; undefined: the one from before our time. */
export function planTypesOf(host: SimulatedHost): (string | undefined)[] {
  return host.plansReceived.map(({ type }) => type);
}

/** Waits until the host has run its last plan so often, each time to its end. */
export async function untilRuns(host: SimulatedHost, runs: number): Promise<void> {
  await waitFor(
    `${host.name} has run its plan ${runs} times`,
    () => runsOf(host) >= runs && !host.working,
    () => host.plansReceived,
    { timeoutMs: 90_000 },
  );
}

/** Waits until the Secret of the host is so; answers it. */
export async function untilSecret(
  site: Site,
  host: string,
  what: string,
  isSo: (secret: PlanSecret) => boolean,
): Promise<PlanSecret> {
  return waitFor(
    `the plan Secret of ${host} has ${what}`,
    async () => {
      const secret = await getPlanSecret(site, host);
      return isSo(secret) && secret;
    },
    async () => summariseSecret(await getPlanSecret(site, host)),
    { timeoutMs: 90_000 },
  );
}

function summariseSecret({ data }: PlanSecret): Record<string, string> {
  const long = ['plan', 'applied-output', 'failed-output', 'applied-periodic-output'];
  return Object.fromEntries(Object.keys(data).map((key) => [key, long.includes(key) ? '…' : readText(data, key)]));
}

/** Somebody else's write to the host's plan Secret: texts; null removes a key. */
export async function meddle(site: Site, host: string, texts: Readonly<Record<string, string | null>>): Promise<void> {
  const encode = (text: string | null): string | null => (text === null ? null : toValue(text));
  const data = Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, encode(text)]));
  await site.client.patch(planSecrets, { namespace: site.namespace, name: host }, { data });
}

/** Deletes the host's plan Secret; answers what puts it back as it was, but for its uid. */
export async function removePlanSecret(site: Site, host: string): Promise<() => Promise<void>> {
  const key = { namespace: site.namespace, name: host };
  const { metadata, type, data } = await getPlanSecret(site, host);
  const { namespace, name, labels, annotations: notes, ownerReferences } = metadata;
  await site.client.delete(planSecrets, key);
  return async () => {
    await site.client.create(planSecrets, {
      metadata: { namespace, name, labels, annotations: notes, ownerReferences },
      type,
      data,
    });
  };
}

/** Names of the instructions whose output stands there. */
export function outputNames({ data }: PlanSecret, key: 'applied-output' | 'failed-output'): string[] {
  return Object.keys(decodeOutputs(data[key]));
}

/** Asks for a retry as people do who have only `kubectl`. */
export async function requestOperation(site: Site, machine: string, operation: string): Promise<void> {
  const key = { namespace: site.namespace, name: machine };
  const notes = { [annotations.operation]: operation };
  await site.client.patch(baremetalMachines, key, { metadata: { annotations: notes } });
}

/** Plan types that the host got, and how often it ran each plan. */
export function runsByType(host: SimulatedHost): [string, number][] {
  return host.plansReceived.map(({ type, runs }) => [String(type), runs]);
}
