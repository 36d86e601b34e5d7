import { expect } from 'vitest';
import { z } from 'zod';
import { events } from '../../api/resources.ts';
import type { Lab } from '../../dev/lab/lab.ts';
import { waitFor } from './wait-for.ts';

const eventSchema = z.object({
  metadata: z.object({ name: z.string() }),
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

/** Does something, and waits for an Event of this reason that was not there before; answers it. */
export async function untilEventSince(
  place: Place,
  name: string,
  reason: string,
  act: () => Promise<void>,
): Promise<RecordedEvent> {
  const read = async () => (await readEvents(place, name)).filter((event) => event.reason === reason);
  const before = new Set((await read()).map(({ metadata }) => metadata.name));
  await act();
  return waitFor(
    `another Event ${reason} of ${name}`,
    async () => (await read()).find(({ metadata }) => !before.has(metadata.name)),
    read,
    { timeoutMs: 30_000 },
  );
}

/** The same for a Warning. */
export async function untilWarning(place: Place, name: string, reason: string): Promise<RecordedEvent> {
  const event = await untilEvent(place, name, reason);
  expect(event.type, JSON.stringify(event)).toBe('Warning');
  return event;
}
