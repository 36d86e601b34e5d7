/**
 * Records the histories that `replay.test.ts` replays, from a real Temporal server and the workflow code as it is.
 *
 *     TEMPORAL_ADDRESS=127.0.0.1:7233 node test/replay/record.ts [--replace] [scenario ...]
 *
 * A recording is added beside the older ones of its scenario, which stay: runs that began with older code live on.
 * `--replace` is for a scenario of which no release ran yet.
 */
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { type History, historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { z } from 'zod';
import { searchAttributeNames } from '../../api/constants.ts';
import { ensureSearchAttributes } from '../../runtime/temporal/search-attributes.ts';
import { bundleOptions } from '../../workers/bundle-options.ts';
import { RECORDER_IDENTITY, writeHistory } from './histories.ts';
import { recordLife } from './record-life.ts';
import { scenarios } from './scenarios.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { replace: { type: 'boolean', default: false } },
});
const unknown = positionals.filter((name) => !(name in scenarios));
if (unknown.length > 0) {
  console.error(`No such scenario: ${unknown.join(', ')}. There are: ${Object.keys(scenarios).join(', ')}`);
  process.exit(2);
}

const address = process.env['TEMPORAL_ADDRESS'] ?? '127.0.0.1:7233';
Runtime.install({ logger: new DefaultLogger('ERROR') });
const connection = await Connection.connect({ address });
const native = await NativeConnection.connect({ address });
await ensureSearchAttributes(connection, 'default', Object.values(searchAttributeNames));
const client = new Client({ connection, identity: RECORDER_IDENTITY });
const workflowBundle = await bundleWorkflowCode({ ...bundleOptions, logger: new DefaultLogger('ERROR') });

for (const [name, makeScenario] of Object.entries(scenarios)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  try {
    const history = await recordLife({ client, native, workflowBundle, scenario: makeScenario(), runId: randomUUID() });
    const file = writeHistory(name, formatHistory(history), values);
    console.log(`${file}: ${history.events?.length ?? 0} events`);
  } catch (error) {
    console.error(`${name}: not recorded:`, error);
    process.exitCode = 1;
  }
}
await native.close();
await connection.close();

/** One event a line. Stack traces name paths of the machine that recorded, and replay does not look at them. */
function formatHistory(history: History): string {
  const parsed: unknown = JSON.parse(historyToJSON(history), (key: string, value: unknown): unknown =>
    key === 'stackTrace' ? '' : value,
  );
  const { events } = z.object({ events: z.array(z.unknown()) }).parse(parsed);
  return `{"events":[\n${events.map((event) => JSON.stringify(event)).join(',\n')}\n]}\n`;
}
