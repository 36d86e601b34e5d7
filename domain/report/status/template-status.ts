import { templateReasons } from '../../../api/conditions.ts';
import type { NodeInfo } from '../../../api/machine-template.ts';
import type { WantedCondition } from '../../conditions.ts';
import type { HostView } from '../../inputs/host-view.ts';
import type { PoolView } from '../../inputs/pool-view.ts';
import type { TemplateView } from '../../inputs/template-view.ts';

/** What the status of a `BaremetalMachineTemplate` shall say. */
export interface TemplateStatus {
  /** What every host of the pool has; undefined: not known. Texts, for the autoscaler reads no other values. */
  capacity: Record<string, string> | undefined;
  nodeInfo: NodeInfo | undefined;
  condition: WantedCondition;
}

/** What a kubelet takes by default. */
const PODS = '110';
/** Without these the autoscaler does not scale from zero. */
const NEEDED = ['cpu', 'memory'] as const;
const MAX_NAMES = 10;

/**
 * The least that a machine of the template gets: of each resource the minimum over the registered hosts of its pool. One
 * whose labels do not tell the needed ones is named and left out; a resource beside these that one host lacks is no host's.
 */
export function computeTemplateStatus(
  { pool: poolName, generation }: TemplateView,
  pool: PoolView | undefined,
  findHost: (inventoryName: string) => HostView | undefined,
): TemplateStatus {
  const hosts = (pool?.members ?? []).flatMap(({ name }) => findHost(name) ?? []).filter(({ deleting }) => !deleting);
  const told = hosts.map(({ name, hardware = {} }) => ({ name, hardware, amounts: readAmounts(hardware) }));
  const known = told.filter(({ amounts }) => NEEDED.every((resource) => amounts.has(resource)));
  const unknown = told.filter((host) => !known.includes(host)).map(({ name }) => name);
  const architectures = new Set(known.map(({ hardware }) => readArchitecture(hardware['architecture'])));
  const [architecture] = architectures;
  const isOne = architectures.size === 1 && architecture !== undefined;
  const common = { type: 'CapacityKnown', observedGeneration: generation } as const;
  const problem = findProblem({ poolName, pool, hosts: hosts.length, unknown, mixed: architectures.size > 1 });
  return {
    capacity: known.length === 0 ? undefined : leastOf(known.map(({ amounts }) => amounts)),
    nodeInfo: isOne ? { architecture, operatingSystem: 'linux' } : undefined,
    condition:
      problem === undefined
        ? { ...common, status: 'True', reason: templateReasons.CapacityKnown, message: '' }
        : { ...common, status: 'False', ...problem },
  };
}

/** Whole numbers, as elemental writes them: threads, bytes, cards. */
function readAmounts(hardware: Readonly<Record<string, string>>): Map<string, number> {
  const amounts = new Map<string, number>();
  for (const [resource, text] of Object.entries(hardware)) {
    if (/^[1-9]\d{0,14}$/.test(text)) amounts.set(resource, Number(text));
  }
  return amounts;
}

function leastOf(hosts: readonly ReadonlyMap<string, number>[]): Record<string, string> {
  const [first, ...others] = hosts;
  const least = new Map(first);
  for (const host of others) {
    for (const [resource, amount] of least) {
      const here = host.get(resource);
      if (here === undefined) least.delete(resource);
      else least.set(resource, Math.min(amount, here));
    }
  }
  const sorted = [...least].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { pods: PODS, ...Object.fromEntries(sorted.map(([resource, amount]) => [resource, String(amount)])) };
}

/** As Go calls it, which the contract wants, whatever Linux does. */
function readArchitecture(text: string | undefined): NodeInfo['architecture'] | undefined {
  switch (text?.toLowerCase()) {
    case 'amd64':
    case 'x86_64':
      return 'amd64';
    case 'arm64':
    case 'aarch64':
      return 'arm64';
    case 's390x':
      return 's390x';
    case 'ppc64le':
      return 'ppc64le';
    default:
      return undefined;
  }
}

interface Found {
  poolName: string;
  pool: PoolView | undefined;
  hosts: number;
  unknown: readonly string[];
  mixed: boolean;
}

function findProblem({
  poolName,
  pool,
  hosts,
  unknown,
  mixed,
}: Found): { reason: string; message: string } | undefined {
  if (pool === undefined) {
    return { reason: templateReasons.PoolMissing, message: `MachineInventoryPool ${poolName} does not exist` };
  }
  if (hosts === 0) {
    return { reason: templateReasons.NoHosts, message: `No host of pool ${poolName} is registered` };
  }
  if (unknown.length > 0) {
    const names = unknown.slice(0, MAX_NAMES).join(', ');
    const more = unknown.length > MAX_NAMES ? ` and ${unknown.length - MAX_NAMES} more` : '';
    const message = `Without labels that tell cpu and memory: ${names}${more} (label the MachineInventories; the others count)`;
    return { reason: templateReasons.HardwareUnknown, message };
  }
  if (!mixed) return undefined;
  const message = `Hosts of pool ${poolName} have different architectures, or some do not tell theirs: none is told`;
  return { reason: templateReasons.ArchitecturesDiffer, message };
}
