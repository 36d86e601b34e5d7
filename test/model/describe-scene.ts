import { hostLabels } from '../support/host-labels.ts';
import { viewHost } from '../../domain/inputs/host-view.ts';
import { slots } from './command.ts';
import type { Inventory, Machine, Pool } from './history.ts';
import type { Scene } from './outcome.ts';

/** What a person would look at first: every machine, every host that is not just free, every pool. */
export function describeScene({ lane, model }: Scene): string {
  const { machines, hosts, pools, plans } = lane.history;
  const {
    clusterPaused,
    imageDropped,
    plansForbidden,
    workerDown,
    bridgeDown,
    pausedMachines,
    silentHosts,
    darkHosts,
  } = model;
  const outside = { clusterPaused, imageDropped, plansForbidden, workerDown, bridgeDown };
  const sets = {
    pausedMachines,
    silentHosts,
    darkHosts,
    askedToGiveUp: model.askedToGiveUp,
    liedTo: model.liedTo,
    stalled: model.stalled,
    hostile: model.hostile,
    pausedSteps: new Set(model.pausedSteps.keys()),
    endedByHand: model.endedByHand,
    away: new Set(model.away.keys()),
    ...model.records,
  };
  return [
    ...[...machines.values()].map(describeMachine),
    ...[...hosts.values()].filter(isOfInterest).map((host) => {
      const { name, owner, quarantined, allocationState, ...rest } = viewHost(host, hostLabels);
      const { pool, ready, plan, operation } = rest;
      const record = { owner, allocationState, quarantined, pool, ready, plan, operation };
      return `host ${name}: ${JSON.stringify({ ...record, secret: plans.get(name) })}`;
    }),
    ...[...pools.values()].map(describePool),
    `model: ${JSON.stringify({ ...outside, ...mapValues(sets), pools: slots.map((slot) => model.pools[slot]) })}`,
  ].join('\n');
}

function describeMachine({ metadata, spec, status }: Machine): string {
  const { name, uid, deletionTimestamp, annotations } = metadata;
  const { machineInventoryPoolRef: pool, providerID } = spec;
  const conditions = status?.conditions?.map(({ type, status: value, reason, message }) =>
    `${type}=${value}/${reason} ${message}`.trim(),
  );
  const head = { uid, deletionTimestamp, annotations, pool: pool.name, providerID };
  const { phase, machineInventoryRef: host, lastOperation, writtenBy } = status ?? {};
  return `machine ${name}: ${JSON.stringify({ ...head, phase, host: host?.name, conditions, lastOperation, writtenBy })}`;
}

function isOfInterest(host: Inventory): boolean {
  const { owner, quarantined, ready, allocationState } = viewHost(host, hostLabels);
  const free = allocationState === undefined || allocationState === 'Available';
  return owner !== undefined || quarantined || !ready || !free;
}

function describePool({ metadata, spec, status }: Pool): string {
  const { conditions, ...counters } = status ?? {};
  const members = spec.machineInventories.map(({ name }) => name);
  const messages = conditions?.flatMap(({ type, message }) => (message === '' ? [] : [`${type}: ${message}`]));
  return `pool ${metadata.name}: ${JSON.stringify({ members, counters, messages })}`;
}

function mapValues(sets: Readonly<Record<string, ReadonlySet<string>>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(sets).map(([key, set]) => [key, [...set]]));
}
