import { Argument, InvalidArgumentError } from 'commander';
import { baremetalMachines, machineInventories, machineInventoryPools, type Resource } from '../../api/resources.ts';

export const kindNames = ['machine', 'host', 'pool'] as const;
/** What there is to be looked at. */
export type KindName = (typeof kindNames)[number];

export const kindResources: Record<KindName, Resource<unknown>> = {
  machine: baremetalMachines,
  host: machineInventories,
  pool: machineInventoryPools,
};

/** As kubectl: singular, plural, short name, kind. */
const spellings: Record<KindName, readonly string[]> = {
  machine: ['machine', 'machines', 'bmm', 'baremetalmachine', 'baremetalmachines'],
  host: ['host', 'hosts', 'machineinventory', 'machineinventories'],
  pool: ['pool', 'pools', 'mip', 'machineinventorypool', 'machineinventorypools'],
};

/** The kind that somebody means; undefined: none. */
export function findKind(text: string): KindName | undefined {
  return kindNames.find((kind) => spellings[kind].includes(text.toLowerCase()));
}

/** Which kind a command is about; `words` is how its help and its completion say them. */
export function kindArgument(words: readonly string[]): Argument {
  // Choices are what completion offers; the parser takes the other spellings, too.
  return new Argument('<kind>', words.join(', ')).choices(words).argParser((text: string): KindName => {
    const kind = findKind(text);
    if (kind === undefined) throw new InvalidArgumentError(`It is none of ${words.join(', ')}.`);
    return kind;
  });
}
