import { hostLabels } from '../support/host-labels.ts';
import { annotations, inventoryOfProviderId } from '../../api/constants.ts';
import { viewHost } from '../../domain/inputs/host-view.ts';
import { createBreachFinder } from '../support/ownership-ledger.ts';
import type { HistoryEntry, Machine } from './history.ts';
import { judgeHost } from './host-rules.ts';
import { judgeMachine } from './machine-rules.ts';
import { createClaimRules } from './claim-rules.ts';
import { createPlanRules } from './plan-rules.ts';
import { judgePool } from './pool-rules.ts';
import { createSlotRules } from './slot-rules.ts';

/** A rule that was broken, and the state that broke it. */
export interface Breach {
  step: number;
  what: string;
  entry: HistoryEntry;
}

/** Judges every state of every object, in the order in which they came about. */
export interface Judge {
  see(entry: HistoryEntry): Breach[];
}

/** What the judge knows of the outside: where a status may lag, or records may go. Machines and hosts by name. */
export interface Circumstances {
  /** An operator asked the machine to give its host up. */
  givesUp: (machine: string) => boolean;
  /** Somebody told the run of the machine a lie. */
  isLiedTo: (machine: string) => boolean;
  /** Somebody damaged what stands in the API server about the host. */
  isInTrouble: (host: string) => boolean;
  /** A machine that came back from a move had the first uid before, and has the second one now. */
  isSame: (before: string, now: string) => boolean;
  /** How many hosts may be at a reprovision plan at a time; undefined: as many as there are. */
  slotLimit: number | undefined;
}

/** Judges by all rules. */
export function createJudge(circumstances: Circumstances): Judge {
  const { givesUp, isInTrouble } = circumstances;
  const findOwnershipBreaches = createBreachFinder(circumstances.isSame);
  const judgePlan = createPlanRules(givesUp);
  const claims = createClaimRules();
  const slots = createSlotRules(circumstances.slotLimit, isInTrouble);
  const machines = new Map<string, Machine>();
  const ownerOf = new Map<string, string>();

  const judgeOne = (entry: HistoryEntry): string[] => {
    switch (entry.kind) {
      case 'machine': {
        const { object, gone } = entry;
        const { name } = object.metadata;
        const before = machines.get(name);
        if (gone) machines.delete(name);
        else machines.set(name, object);
        if (gone) return [];
        return [
          ...judgeMachine(object, before, mayLag(object)),
          ...judgeProviderIds(machines),
          ...judgeHolding(object),
        ];
      }
      case 'host': {
        const host = viewHost(entry.object, hostLabels);
        if (entry.gone && !isInTrouble(host.name)) return ['a host is gone'];
        if (entry.gone) {
          // Its machine may still say that it holds it, and may claim another one.
          findOwnershipBreaches({ kind: 'host', revision: entry.revision, host: { ...host, owner: undefined } });
          return [];
        }
        if (host.owner === undefined) ownerOf.delete(host.name);
        else ownerOf.set(host.name, host.owner.uid);
        const naming = [...machines.values()].filter(({ status }) => status?.machineInventoryRef?.name === host.name);
        return [
          ...judgeHost(entry.object),
          ...findOwnershipBreaches({ kind: 'host', revision: entry.revision, host }),
          ...naming.flatMap(judgeHolding),
          ...claims.seeHost(host, machines.values(), entry.seenAtMs),
          ...slots.seeHost(host),
        ];
      }
      case 'plan':
        if (entry.gone) return isInTrouble(entry.object.name) ? [] : ['a plan Secret is gone'];
        return [
          ...findOwnershipBreaches({ kind: 'plan', revision: entry.revision, secret: entry.object }),
          ...judgePlan(entry.object, machines.values()),
          ...slots.seePlan(entry.object),
        ];
      case 'pool':
        claims.seePool(entry.object, entry.gone, entry.seenAtMs);
        return entry.gone ? [] : judgePool(entry.object);
    }
  };

  /** A machine that says that it uses a host owns it; one that is on its way in or out may lag behind. */
  function judgeHolding(machine: Machine): string[] {
    const { metadata, status } = machine;
    const host = status?.machineInventoryRef?.name;
    const phase = status?.phase;
    if (host === undefined || phase === undefined || metadata.deletionTimestamp !== undefined) return [];
    if (phase === 'Pending' || phase === 'Preparing' || givesUp(metadata.name) || mayLag(machine)) return [];
    const owner = ownerOf.get(host);
    return owner === metadata.uid ? [] : [`${metadata.name} is ${phase} on ${host}, which ${owner ?? 'nobody'} owns`];
  }

  /** The run of the machine was told something else than what is so, or what is so has changed under its hands. */
  function mayLag({ metadata, spec, status }: Machine): boolean {
    const hosts = [status?.machineInventoryRef?.name, inventoryOfProviderId(spec.providerID ?? '')];
    return circumstances.isLiedTo(metadata.name) || hosts.some((host) => host !== undefined && isInTrouble(host));
  }

  return {
    see: (entry) => judgeOne(entry).map((what) => ({ step: entry.step, what: `${nameEntry(entry)}: ${what}`, entry })),
  };
}

function judgeProviderIds(machines: ReadonlyMap<string, Machine>): string[] {
  const users = Map.groupBy(
    [...machines.values()].filter(({ spec }) => spec.providerID !== undefined),
    ({ spec }) => spec.providerID,
  );
  return [...users].flatMap(([providerId, those]) =>
    those.length === 1
      ? []
      : [`${those.map(({ metadata }) => metadata.name).join(' and ')} have the providerID ${providerId}`],
  );
}

function nameEntry(entry: HistoryEntry): string {
  return `${entry.kind} ${entry.kind === 'plan' ? entry.object.name : entry.object.metadata.name}`;
}

/** The offending object, as far as it matters, on few lines. */
export function describeEntry(entry: HistoryEntry): string {
  if (entry.kind === 'plan') return JSON.stringify(entry.object);
  const { object } = entry;
  const { name, uid, generation, deletionTimestamp, resourceVersion } = object.metadata;
  const notes = Object.entries(object.metadata.annotations).filter(([key]) => key.startsWith(ownPrefix));
  const head = { name, uid, generation, deletionTimestamp, resourceVersion, gone: entry.gone };
  return JSON.stringify({ ...head, annotations: Object.fromEntries(notes), spec: object.spec, status: object.status });
}

const ownPrefix = annotations.pool.slice(0, annotations.pool.indexOf('/'));
