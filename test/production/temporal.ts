import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createProcessFolder } from '../../dev/process/folder.ts';
import { findFreePorts } from '../../dev/process/ports.ts';
import { createProcessSet, type ProcessSet } from '../../dev/process/set.ts';
import { resolveTools } from '../../dev/tools/resolver.ts';
import { productionToolNames } from '../../dev/tools/table.ts';
import { readComposeFile } from './compose-file.ts';
import { type FragilePostgresql, startFragilePostgresql } from './postgresql.ts';
import { createRun } from './programs.ts';
import { startServer, TEMPORAL_SERVER } from './temporal-server.ts';
import { startTemporalUi, type UiTls } from './temporal-ui.ts';

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
  postgresql: FragilePostgresql;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Stops the server if it runs, starts it and waits until it can be used. */
  restart(): Promise<void>;
  /** What Temporal's own CLI prints. @throws with what it said */
  cli(...args: readonly string[]): Promise<string>;
}

/** Starts them with empty databases. @throws ProcessNotReadyError, ToolBuildError, or with what a script said */
export async function startProductionTemporal(options: ProductionTemporalOptions = {}): Promise<ProductionTemporal> {
  const dir = await createProcessFolder();
  const processes = createProcessSet(join(dir, 'logs'));
  const stop = async () => {
    await processes.close();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    return { ...(await startIn(dir, processes, options)), [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startIn(
  dir: string,
  processes: ProcessSet,
  { serverEnv = {}, cliEnv = {}, uiTls }: ProductionTemporalOptions,
): Promise<Omit<ProductionTemporal, typeof Symbol.asyncDispose>> {
  const tools = await resolveTools(['temporal', ...productionToolNames]);
  const { temporal, 'temporal-sql-tool': sqlTool, 'temporal-server': server, 'temporal-ui': ui } = tools;
  const compose = await readComposeFile();
  const { schema, namespace, postgresql } = compose.services;
  const [databasePort, port, uiPort, ...otherPorts] = await findFreePorts(11);
  const address = `127.0.0.1:${port}`;
  const run = await createRun(dir, { temporal, 'temporal-sql-tool': sqlTool });
  const runScript = (script: string, env: Readonly<Record<string, string>>) => run('/bin/sh', ['-ec', script], env);
  const cli = (...args: readonly string[]) => run('temporal', args, { ...cliEnv, TEMPORAL_ADDRESS: address });

  const { POSTGRES_USER: user, POSTGRES_PASSWORD: password } = postgresql.environment;
  const database = await startFragilePostgresql(processes, { dir, port: databasePort, user, password });
  const place = { SQL_HOST: '127.0.0.1', SQL_PORT: String(databasePort) };
  await runScript(schema.command, { ...schema.environment, ...place });
  const isHealthy = async () => (await cli('operator', 'cluster', 'health')).includes('SERVING');
  const ours = { dir, binary: server, compose, databasePort, port, otherPorts };
  await startServer(processes, { ...ours, env: serverEnv, isHealthy });
  await runScript(namespace.command, { ...namespace.environment, ...cliEnv, TEMPORAL_ADDRESS: address });
  const uiOptions = { dir, binary: ui, port: uiPort, address, ...(uiTls !== undefined && { tls: uiTls }) };
  return {
    address,
    uiUrl: await startTemporalUi(processes, uiOptions),
    postgresql: database,
    kill: () => processes.kill(TEMPORAL_SERVER),
    restart: () => processes.restart(TEMPORAL_SERVER),
    cli,
  };
}
