import { z } from 'zod';
import { machineInventories, type Resource } from '../../api/resources.ts';
import { BALLAST } from './record-deeds.ts';

export type Inventory = z.infer<typeof machineInventories.schema>;

const anyInventory = z.looseObject({
  metadata: z.looseObject({ annotations: z.record(z.string(), z.string()).optional() }),
});

/** Inventories as the model records them: one that the provider cannot read, too, and none with its ballast. */
export const recordedInventories: Resource<Inventory> = {
  ...machineInventories,
  schema: z.unknown().transform((raw): Inventory => {
    const { metadata, ...rest } = anyInventory.parse(raw);
    const { [BALLAST]: _, ...annotations } = metadata.annotations ?? {};
    const light = { ...rest, metadata: { ...metadata, annotations } };
    const read = machineInventories.schema.safeParse(light);
    return read.success ? read.data : machineInventories.schema.parse({ ...light, spec: {} });
  }),
};
