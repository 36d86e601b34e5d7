import { execFile } from 'node:child_process';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createProcessFolder } from '../../dev/process/folder.ts';
import { findFreePorts } from '../../dev/process/ports.ts';
import { acceptsTcp } from '../../dev/process/ready.ts';
import { createProcessSet } from '../../dev/process/set.ts';
import { resolveTools } from '../../dev/tools/resolver.ts';
import { productionToolNames } from '../../dev/tools/table.ts';
import { readComposeFile } from './compose-file.ts';
import { type Postgresql, startPostgresql } from './postgresql.ts';
import { startTemporalUi, type UiTls } from './temporal-ui.ts';

const SERVER = 'temporal-server';
const SHARDS = 16;
const services = ['FRONTEND', 'MATCHING', 'HISTORY', 'WORKER'] as const;

export interface ProductionTemporalOptions {
  /** Environment of the server, beside what docker-compose.yml gives it. */
  serverEnv?: Readonly<Record<string, string>>;
  /** Environment of Temporal's CLI, beside the address. */
  cliEnv?: Readonly<Record<string, string>>;
  /** How the UI speaks TLS with the server; default: not. */
  uiTls?: UiTls;
}

/** Temporal's server on a PostgreSQL, and its UI, as docker-compose.yml runs them: its settings, and its scripts. */
export interface ProductionTemporal extends AsyncDisposable {
  /** Host and port of the gRPC API. */
  address: string;
  uiUrl: string;
  /** Folder with the logs. */
  logs: string;
  postgresql: Postgresql;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Stops the server if it runs, starts it and waits until it can be used. */
  restart(): Promise<void>;
  /** What Temporal's own CLI prints. @throws with what it said */
  cli(...args: readonly string[]): Promise<string>;
  /** Ends all of them and removes all data. */
  stop(): Promise<void>;
}

/** Starts them with empty databases. @throws ProcessNotReadyError, ToolBuildError, or with what a script said */
export async function startProductionTemporal(options: ProductionTemporalOptions = {}): Promise<ProductionTemporal> {
  const tools = await resolveTools(['temporal', ...productionToolNames]);
  const compose = await readComposeFile();
  const dir = await createProcessFolder();
  const processes = createProcessSet(join(dir, 'logs'));
  const stop = async () => {
    await processes.close();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    const [databasePort, port, uiPort, ...others] = await findFreePorts(11);
    const { POSTGRES_USER: user, POSTGRES_PASSWORD: password } = compose.services.postgresql.environment;
    const address = `127.0.0.1:${port}`;
    const bin = join(dir, 'bin');
    await mkdir(bin);
    await symlink(tools.temporal, join(bin, 'temporal'));
    await symlink(tools['temporal-sql-tool'], join(bin, 'temporal-sql-tool'));
    const run = async (program: string, args: readonly string[], env: Readonly<Record<string, string>>) => {
      const path = `${bin}:${process.env['PATH'] ?? ''}`;
      const noProfile = join(dir, 'no-temporal-profile.toml');
      const all = { ...process.env, TEMPORAL_CONFIG_FILE: noProfile, ...env, PATH: path };
      return (await promisify(execFile)(program, args, { env: all, timeout: 120_000 })).stdout;
    };
    const cliEnv = { ...options.cliEnv, TEMPORAL_ADDRESS: address };

    const postgresql = await startPostgresql(processes, { dir, port: databasePort, user, password });
    const { schema, namespace, temporal } = compose.services;
    const database = { SQL_HOST: '127.0.0.1', SQL_PORT: String(databasePort) };
    await run('/bin/sh', ['-ec', schema.command], { ...schema.environment, ...database });

    const dynamicConfig = join(dir, 'dynamic.yaml');
    await writeFile(dynamicConfig, compose.configs.dynamic.content);
    await processes.start({
      name: SERVER,
      command: [tools['temporal-server'], 'start'],
      cwd: dir,
      env: {
        ...temporal.environment,
        LOG_LEVEL: 'warn',
        DB_PORT: String(databasePort),
        POSTGRES_SEEDS: '127.0.0.1',
        BIND_ON_IP: '127.0.0.1',
        NUM_HISTORY_SHARDS: String(SHARDS),
        DYNAMIC_CONFIG_FILE_PATH: dynamicConfig,
        FRONTEND_GRPC_PORT: String(port),
        ...servicePorts(others),
        ...options.serverEnv,
      },
      probe: async () =>
        (await acceptsTcp(port)) && serves(() => run('temporal', ['operator', 'cluster', 'health'], cliEnv)),
      stopGraceSeconds: 0,
    });
    await run('/bin/sh', ['-ec', namespace.command], { ...namespace.environment, ...cliEnv });
    const uiUrl = await startTemporalUi(processes, {
      dir,
      binary: tools['temporal-ui'],
      port: uiPort,
      address,
      ...(options.uiTls !== undefined && { tls: options.uiTls }),
    });
    return {
      address,
      uiUrl,
      logs: join(dir, 'logs'),
      postgresql,
      kill: () => processes.kill(SERVER),
      restart: () => processes.restart(SERVER),
      cli: (...args) => run('temporal', args, cliEnv),
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Each part of the server listens on ports of its own. */
function servicePorts(free: readonly number[]): Record<string, string> {
  const names = [
    'FRONTEND_HTTP_PORT',
    ...services.map((service) => `${service}_MEMBERSHIP_PORT`),
    ...services.filter((service) => service !== 'FRONTEND').map((service) => `${service}_GRPC_PORT`),
  ];
  return Object.fromEntries(names.map((name, index) => [name, String(free[index])]));
}

async function serves(health: () => Promise<string>): Promise<boolean> {
  return (await health()).includes('SERVING');
}
