import type { Pool } from './history.ts';

/** Rules about one state of a pool; answers what it breaks, in words. */
export function judgePool({ metadata, spec, status }: Pool): string[] {
  if (status?.total === undefined) return [];
  const { available = 0, allocated = 0, preparing = 0, reprovisioning = 0, unavailable = 0, total } = status;
  const sum = available + allocated + preparing + reprovisioning + unavailable;
  const members = spec.machineInventories.length;
  const seen = status.conditions?.find(({ type }) => type === 'Ready')?.observedGeneration;
  return [
    ...(sum === total ? [] : [`its counters make ${sum}, its total is ${total}`]),
    ...(seen === metadata.generation && total !== members ? [`its total is ${total}, it names ${members} hosts`] : []),
  ];
}
