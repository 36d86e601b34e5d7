import { annotations } from '../../api/constants.ts';
import type { Inventory } from './history.ts';

const ownerNotes = [
  annotations.ownerCluster,
  annotations.ownerMachine,
  annotations.ownerBaremetalMachine,
  annotations.ownerUid,
];

/** Rules about one state of a host's record; answers what it breaks, in words. */
export function judgeHost({ metadata }: Inventory): string[] {
  const notes = metadata.annotations;
  const state = notes[annotations.allocationState];
  const owned = ownerNotes.filter((note) => note in notes).length;
  const problems: string[] = [];
  if (owned !== 0 && owned !== ownerNotes.length) problems.push('its owner is recorded by halves');
  switch (state) {
    case undefined:
    case 'Available':
      if (owned > 0) problems.push(`it is ${state} and has an owner`);
      if (annotations.quarantine in notes) problems.push(`it is ${state} and quarantined`);
      break;
    case 'Allocated':
    case 'Reprovisioning':
    case 'Preparing':
      if (owned === 0) problems.push(`it is ${state} and has no owner`);
      break;
    case 'Unavailable':
      if (owned === 0 && !(annotations.quarantine in notes)) problems.push('it is Unavailable for no reason');
      break;
    default:
      problems.push(`it is ${state}`);
  }
  return problems;
}
