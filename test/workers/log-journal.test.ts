import { expect, test } from 'vitest';
import { createLogger } from '../../runtime/logger.ts';
import { createLogJournal } from '../../workers/log-journal.ts';
import { entry } from '../domain/journal/journal-fixtures.ts';

test('without a database each entry is one line, found by its key', async () => {
  const lines: string[] = [];
  const logger = createLogger({
    level: 'info',
    component: 'worker',
    destination: { write: (line) => lines.push(line) },
  });
  await createLogJournal(logger).write([entry('u', { at: 0 }), entry('u', { number: 2, at: 1500 })]);
  const told: unknown[] = lines.map((line): unknown => JSON.parse(line));
  expect(told).toMatchObject([
    { journal: true, machine: 'ns/m-u', uid: 'u', host: 'h', number: 1, from: 'Pending', to: 'Allocated' },
    { journal: true, number: 2, at: '1970-01-01T00:00:01.500Z' },
  ]);
});
