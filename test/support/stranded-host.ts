import { annotations } from '../../api/constants.ts';
import { machineInventories } from '../../api/resources.ts';
import { findInventory } from './hosts.ts';
import type { Site } from './site.ts';
import { waitFor } from './wait-for.ts';

/** What an operator asks of a host in its annotation; the answer is an Event. */
export async function askHost(site: Site, name: string, operation: string): Promise<void> {
  const key = { namespace: site.namespace, name };
  const notes = { [annotations.operation]: operation };
  await site.client.patch(machineInventories, key, { metadata: { annotations: notes } });
}

/** An operator brings a stranded host back: the quarantine has it cleaned, and is lifted then. */
export async function bringBack(site: Site, name: string): Promise<void> {
  const notesOf = async () => (await findInventory(site, name))?.metadata.annotations ?? {};
  await askHost(site, name, 'quarantine: nobody has it');
  await waitFor(`${name} is recorded for nobody`, async () => {
    const notes = await notesOf();
    return notes[annotations.operation] === undefined && notes[annotations.ownerUid] === undefined;
  });
  await askHost(site, name, 'unquarantine');
  await waitFor(`${name} is free`, async () => {
    const notes = await notesOf();
    return notes[annotations.quarantine] === undefined && notes[annotations.allocationState] === 'Available';
  });
}
