import { expect } from 'vitest';
import { z } from 'zod';
import { events } from '../../api/resources.ts';
import type { Lab } from '../../dev/lab/lab.ts';
import { waitFor } from './wait-for.ts';

const eventSchema = z.object({
  type: z.string(),
  reason: z.string(),
  message: z.string(),
  involvedObject: z.object({ kind: z.string(), name: z.string() }),
});

type Place = Pick<Lab, 'client' | 'namespace'>;
type RecordedEvent = z.infer<typeof eventSchema>;

/** Kubernetes Events about the objects of a name, as `kubectl get events` still shows them after the object is gone. */
export async function readEvents({ client, namespace }: Place, name: string): Promise<RecordedEvent[]> {
  const { items } = await client.list(events, { namespace });
  return items.map((item) => eventSchema.parse(item)).filter(({ involvedObject }) => involvedObject.name === name);
}

/** Waits for an Event of this reason about the objects of a name; answers the first. */
export async function untilEvent(place: Place, name: string, reason: string): Promise<RecordedEvent> {
  const read = () => readEvents(place, name);
  return waitFor(
    `an Event ${reason} of ${name}`,
    async () => (await read()).find((event) => event.reason === reason),
    read,
  );
}

/** The same for a Warning. */
export async function untilWarning(place: Place, name: string, reason: string): Promise<RecordedEvent> {
  const event = await untilEvent(place, name, reason);
  expect(event.type, JSON.stringify(event)).toBe('Warning');
  return event;
}
