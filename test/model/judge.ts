import { annotations } from '../../api/constants.ts';
import { viewHost } from '../../domain/inputs/host-view.ts';
import { createBreachFinder } from '../support/ownership-ledger.ts';
import type { HistoryEntry, Machine } from './history.ts';
import { judgeHost } from './host-rules.ts';
import { judgeMachine } from './machine-rules.ts';
import { judgePool } from './pool-rules.ts';

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

/** `givesUp` tells by its name whether an operator asked a machine to give its host up: its status may lag then. */
export function createJudge(givesUp: (machine: string) => boolean): Judge {
  const findOwnershipBreaches = createBreachFinder();
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
        return gone ? [] : [...judgeMachine(object, before), ...judgeProviderIds(machines), ...judgeHolding(object)];
      }
      case 'host': {
        const host = viewHost(entry.object);
        if (host.owner === undefined) ownerOf.delete(host.name);
        else ownerOf.set(host.name, host.owner.uid);
        const naming = [...machines.values()].filter(({ status }) => status?.machineInventoryRef?.name === host.name);
        return [
          ...judgeHost(entry.object),
          ...findOwnershipBreaches({ kind: 'host', revision: entry.revision, host }),
          ...naming.flatMap(judgeHolding),
        ];
      }
      case 'plan':
        return entry.gone
          ? ['a plan Secret is gone']
          : findOwnershipBreaches({ kind: 'plan', revision: entry.revision, secret: entry.object });
      case 'pool':
        return entry.gone ? [] : judgePool(entry.object);
    }
  };

  /** A machine that says that it uses a host owns it; one that is on its way in or out may lag behind. */
  function judgeHolding({ metadata, status }: Machine): string[] {
    const host = status?.machineInventoryRef?.name;
    const phase = status?.phase;
    if (host === undefined || phase === undefined || metadata.deletionTimestamp !== undefined) return [];
    if (phase === 'Pending' || phase === 'Preparing' || givesUp(metadata.name)) return [];
    const owner = ownerOf.get(host);
    return owner === metadata.uid ? [] : [`${metadata.name} is ${phase} on ${host}, which ${owner ?? 'nobody'} owns`];
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
