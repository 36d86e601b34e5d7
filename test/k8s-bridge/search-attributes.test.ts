import { expect, it } from 'vitest';
import { pino } from 'pino';
import { z } from 'zod';
import { searchAttributeNames } from '../../api/constants.ts';
import { createSearchAttributes } from '../../k8s-bridge/search-attributes.ts';
import { createConnection } from '../runtime/temporal/fake-connection.ts';

const lineSchema = z.object({ msg: z.string(), problem: z.string(), advice: z.string().optional() });

/** The search attributes of a namespace where one has another type, and what is logged about them. */
function createWorld(attributes: Record<string, number>) {
  const lines: z.infer<typeof lineSchema>[] = [];
  const logger = pino({}, { write: (line: string) => void lines.push(lineSchema.parse(JSON.parse(line))) });
  return { known: createSearchAttributes(createConnection({ attributes }).connection, 'metal', logger), lines };
}

it('holds nothing back before it has looked, and then what cannot be had', async () => {
  const { known, lines } = createWorld({ [searchAttributeNames.pool]: 3 });
  expect(known.isUsable(searchAttributeNames.pool)).toBe(true);
  await known.provide();
  expect(known.isUsable(searchAttributeNames.pool)).toBe(false);
  expect(known.isUsable(searchAttributeNames.cluster)).toBe(true);
  expect(lines).toHaveLength(1);
  expect(lines[0]?.problem).toContain('IronloomPool: of type INT, not Keyword');
});

it('says once a minute that starts are refused, and what to run', () => {
  const { known, lines } = createWorld({});
  for (let start = 0; start < 1_000; start++) known.noteRefused('no mapping defined for search attribute IronloomPool');
  expect(lines).toHaveLength(1);
  expect(lines[0]?.advice).toContain('search-attribute create --namespace metal --name IronloomCluster');
});
