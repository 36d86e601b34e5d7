import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { searchAttributeNames } from '../../api/constants.ts';
import { acceptsTcp } from '../process/ready.ts';
import { type ProcessSet } from '../process/set.ts';

const NAMESPACE = 'default';
const PROCESS_NAME = 'temporal';

export interface TemporalServer {
  /** Host and port of the gRPC API. */
  address: string;
  uiUrl: string;
  namespace: string;
  /** Stops and starts the server; with `wipe` it loses everything it ever knew. */
  restart(options: { wipe: boolean }): Promise<void>;
}

export interface TemporalServerOptions {
  dir: string;
  binary: string;
  port: number;
  uiPort: number;
  /** `key=value` of the server's dynamic configuration, beside ours. */
  dynamicConfig?: readonly string[];
}

/** Starts Temporal's dev server with its SQLite file in `dir` and our search attributes. */
export async function startTemporalServer(
  processes: ProcessSet,
  options: TemporalServerOptions,
): Promise<TemporalServer> {
  const address = `127.0.0.1:${options.port}`;
  const database = join(options.dir, 'temporal.db');
  const searchAttributes = Object.values(searchAttributeNames);
  await processes.start({
    name: PROCESS_NAME,
    command: [
      options.binary,
      'server',
      'start-dev',
      '--ip=127.0.0.1',
      `--port=${options.port}`,
      `--ui-port=${options.uiPort}`,
      `--namespace=${NAMESPACE}`,
      `--db-filename=${database}`,
      '--log-level=warn',
      '--sqlite-pragma=journal_mode=WAL',
      '--sqlite-pragma=synchronous=OFF',
      // One history shard that reads its queue only 20 times a second would cost each activity 100 ms.
      '--dynamic-config-value=history.transferProcessorMaxPollRPS=1000',
      // A workflow task takes its activities along to the same worker: a tenth less CPU time for each.
      '--dynamic-config-value=system.enableActivityEagerExecution=true',
      // The button "Pause" of the UI, which not every installation shows.
      '--dynamic-config-value=frontend.WorkflowPauseEnabled=true',
      ...(options.dynamicConfig ?? []).map((setting) => `--dynamic-config-value=${setting}`),
      ...searchAttributes.map((name) => `--search-attribute=${name}=Keyword`),
    ],
    // The CLI must not read a profile of the user's.
    env: { TEMPORAL_CONFIG_FILE: join(options.dir, 'no-temporal-profile.toml') },
    // A gRPC client that meets a closed port waits a second before it tries again.
    probe: async () => (await acceptsTcp(options.port)) && hasSearchAttributes(address, searchAttributes),
    // Its orderly end waits for pollers; the SQLite file needs none.
    stopGraceSeconds: 0,
  });
  return {
    address,
    uiUrl: `http://127.0.0.1:${options.uiPort}`,
    namespace: NAMESPACE,
    restart: ({ wipe }) =>
      processes.restart(PROCESS_NAME, async () => {
        if (!wipe) return;
        await Promise.all(['', '-wal', '-shm'].map((suffix) => rm(database + suffix, { force: true })));
      }),
  };
}

async function hasSearchAttributes(address: string, names: readonly string[]): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: '2s' });
  try {
    const known = await connection.operatorService.listSearchAttributes({ namespace: NAMESPACE });
    return names.every((name) => name in known.customAttributes);
  } finally {
    await connection.close();
  }
}
