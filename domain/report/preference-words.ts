import type { Preference } from '../inputs/preference.ts';

/** Which hosts a machine would rather have, for people; '' if it takes the first one of its pool. */
export function describePreference({ group, reuses, spreads }: Preference): string {
  const wishes = [
    ...(reuses ? ['hosts that its group used last'] : []),
    ...(spreads ? ['the failure domain with the fewest machines of its group'] : []),
  ];
  if (wishes.length === 0) return '';
  return group === undefined ? 'nothing: it belongs to no group' : `${wishes.join(', then ')} (${group})`;
}
