import { z } from 'zod';
import { ANNOTATION_PREFIX } from './constants.ts';
import { objectMetaSchema } from './meta.ts';
import type { Resource } from './resources.ts';

/** More would not fit into the one object that all slots of an installation stand in. */
export const MAX_SLOTS = 500;

/** Before the uid of a machine: the annotation that says that the machine has a slot. */
export const SLOT_ANNOTATION_PREFIX = `slots.${ANNOTATION_PREFIX}/`;

/** The Lease that holds the slots of an installation, one annotation each; nobody leads by it. */
export const slotLeases = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  schema: z.object({ metadata: objectMetaSchema }),
} satisfies Resource<unknown>;
