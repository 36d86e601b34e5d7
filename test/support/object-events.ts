import { z } from 'zod';
import { events } from '../../api/resources.ts';
import type { Lab } from '../../dev/lab.ts';

const eventSchema = z.object({
  type: z.string(),
  reason: z.string(),
  message: z.string(),
  involvedObject: z.object({ kind: z.string(), name: z.string() }),
});

/** Kubernetes Events about the objects of a name, as `kubectl get events` still shows them after the object is gone. */
export async function readEvents(
  { client, namespace }: Pick<Lab, 'client' | 'namespace'>,
  name: string,
): Promise<z.infer<typeof eventSchema>[]> {
  const { items } = await client.list(events, { namespace });
  return items.map((item) => eventSchema.parse(item)).filter(({ involvedObject }) => involvedObject.name === name);
}
