import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { acceptsTcp } from '../../dev/process/ready.ts';
import type { ProcessSet } from '../../dev/process/set.ts';
import type { ComposeFile } from './compose-file.ts';

export const TEMPORAL_SERVER = 'temporal-server';
const SHARDS = 16;
const services = ['FRONTEND', 'MATCHING', 'HISTORY', 'WORKER'] as const;

export interface TemporalServerOptions {
  dir: string;
  binary: string;
  compose: ComposeFile;
  /** Of the database. */
  databasePort: number;
  /** Of the gRPC API. */
  port: number;
  /** Eight more: each part of the server listens on ports of its own. */
  otherPorts: readonly number[];
  /** Environment beside what docker-compose.yml gives it. */
  env: Readonly<Record<string, string>>;
  /** Whether it answers. */
  isHealthy: () => Promise<boolean>;
}

/** Starts the server on 127.0.0.1 with all its services in one process, as its image does, on a database with schema. */
export async function startServer(processes: ProcessSet, options: TemporalServerOptions): Promise<void> {
  const { dir, binary, compose, databasePort, port, otherPorts, env, isHealthy } = options;
  const dynamicConfig = join(dir, 'dynamic.yaml');
  await writeFile(dynamicConfig, compose.configs.dynamic.content);
  await processes.start({
    name: TEMPORAL_SERVER,
    command: [binary, 'start'],
    cwd: dir,
    env: {
      ...compose.services.temporal.environment,
      LOG_LEVEL: 'warn',
      DB_PORT: String(databasePort),
      POSTGRES_SEEDS: '127.0.0.1',
      BIND_ON_IP: '127.0.0.1',
      NUM_HISTORY_SHARDS: String(SHARDS),
      DYNAMIC_CONFIG_FILE_PATH: dynamicConfig,
      FRONTEND_GRPC_PORT: String(port),
      ...servicePorts(otherPorts),
      ...env,
    },
    probe: async () => (await acceptsTcp(port)) && isHealthy(),
    stopGraceSeconds: 0,
  });
}

function servicePorts(free: readonly number[]): Record<string, string> {
  const names = [
    'FRONTEND_HTTP_PORT',
    ...services.map((service) => `${service}_MEMBERSHIP_PORT`),
    ...services.filter((service) => service !== 'FRONTEND').map((service) => `${service}_GRPC_PORT`),
  ];
  return Object.fromEntries(names.map((name, index) => [name, String(free[index])]));
}
