import { expect, it } from 'vitest';
import { z } from 'zod';
import { baremetalMachines } from '../../../api/resources.ts';
import { EventQueue } from '../../../runtime/kube/event-queue.ts';
import { answerJson, answerStatus, eventually, silence, startFakeApiServer } from './fake-api-server.ts';

const eventOf = (name: string) => ({
  resource: baremetalMachines,
  object: { namespace: 'lab', name, uid: `uid-of-${name}` },
  type: 'Normal' as const,
  reason: 'Claimed',
  message: 'a host',
  component: 'test',
  digest: 'd',
});

const sentSchema = z.object({ metadata: z.object({ name: z.string() }), lastTimestamp: z.iso.datetime() });

async function world(requestTimeoutMs = 500) {
  const api = await startFakeApiServer({ requestTimeoutMs });
  api.otherwise = answerJson(201, { metadata: { name: 'e', namespace: 'lab', resourceVersion: '1' } });
  const sent = () => api.requests.map(({ body }) => sentSchema.parse(JSON.parse(body)));
  const written = (): string[] => sent().map(({ metadata }) => metadata.name);
  return { api, queue: new EventQueue(api.client), sent, written, [Symbol.asyncDispose]: () => api.close() };
}

it('writes one after the other, whatever becomes of those before', async () => {
  await using it = await world();
  it.api.next.push(silence, answerStatus(403, 'Forbidden'));
  const told = ['a', 'b', 'c', 'd'].map((name) => it.queue.add(eventOf(name)));
  await eventually(() => it.written().length === 1);
  expect(it.written()).toEqual(['a.d']);
  const results = await Promise.allSettled(told);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled', 'fulfilled']);
  expect(it.written()).toEqual(['a.d', 'b.d', 'c.d', 'd.d']);
});

it('says when it happened, not when it was written', async () => {
  await using it = await world(5_000);
  it.api.next.push((...asked) => void setTimeout(() => it.api.otherwise(...asked), 1_500));
  const before = Date.now();
  await Promise.all([it.queue.add(eventOf('a')), it.queue.add(eventOf('b'))]);
  const times = it.sent().map(({ lastTimestamp }) => Date.parse(lastTimestamp));
  expect(times).toHaveLength(2);
  expect(Math.max(...times) - before).toBeLessThan(400);
});

it('refuses what is too much, and takes more once there is room', async () => {
  await using it = await world();
  it.api.next.push(silence);
  const told = Array.from({ length: 5_001 }, (_, index) => it.queue.add(eventOf(`m${index}`)));
  await expect(told.at(-1)).rejects.toThrow('5000 Events are waiting');
  await Promise.allSettled(told);
  await expect(it.queue.add(eventOf('late'))).resolves.toBeUndefined();
});
