import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { z } from 'zod';
import { envSchema, type ListenAddress } from './env-schema.ts';
import { readFlags } from './flags.ts';

/** How to reach Temporal, from `TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_TLS*`, `TEMPORAL_API_KEY` or a profile. */
export interface TemporalEnv {
  namespace: string;
  /** For `Connection` and `NativeConnection` alike. */
  connectionOptions: ReturnType<typeof loadClientConnectConfig>['connectionOptions'] & { address: string };
}

/** The database of the journal. */
export interface JournalEnv {
  readonly url: string;
  readonly password: string | undefined;
  readonly retentionMonths: number;
}

/** Everything that a process takes from its environment; see `envSchema` for the meaning. */
export interface Env {
  readonly temporal: TemporalEnv;
  readonly taskQueue: string;
  /** As in KUBECONFIG, which may name several files. */
  readonly kubeconfigPath: string | undefined;
  readonly watchNamespace: string | undefined;
  readonly watchFilter: string | undefined;
  readonly defaultRegistry: string | undefined;
  /** Which labels of an inventory tell what of its host. */
  readonly hostLabels: { failureDomain: string; hardware: Readonly<Record<string, readonly string[]>> };
  readonly buildId: string | undefined;
  readonly workflowBundlePath: string | undefined;
  readonly settingsFolder: string | undefined;
  readonly metricsAddress: ListenAddress | undefined;
  readonly healthAddress: ListenAddress | undefined;
  readonly logLevel: z.output<typeof envSchema>['IRONLOOM_LOG_LEVEL'];
  readonly reprovisionDeadlineMs: number;
  readonly cleanDeadlineMs: number;
  readonly validateDeadlineMs: number;
  readonly nodeJoinDeadlineMs: number;
  /** undefined: no limit. */
  readonly maxConcurrentReprovisions: number | undefined;
  readonly resyncPeriodMs: number;
  /** undefined: there is no database. */
  readonly journal: JournalEnv | undefined;
  readonly leaderElect: boolean;
  readonly leaseNamespace: string;
  readonly console: {
    address: ListenAddress;
    /** undefined: by the address. */
    access: 'open' | 'token' | undefined;
    temporalUiUrl: string | undefined;
  };
}

export type EnvResult = { ok: true; env: Env } | { ok: false; problems: string[] };

/** Reads variables; one problem for each wrong one. Values of secrets are never quoted. */
export function parseEnv(record: Record<string, string | undefined>): EnvResult {
  const given = Object.fromEntries(
    Object.entries(record).flatMap(([name, value]) =>
      value === undefined || value.trim() === '' ? [] : [[name, value]],
    ),
  );
  const parsed = envSchema.safeParse(given);
  const problems = parsed.success
    ? []
    : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  const temporal = readTemporal(given);
  if (typeof temporal === 'string') problems.push(temporal);
  if (!parsed.success || typeof temporal === 'string') return { ok: false, problems };
  return { ok: true, env: toEnv(parsed.data, temporal) };
}

/** The same, with flags that go before the variables. */
export function parseCall(record: Record<string, string | undefined>, args: readonly string[]): EnvResult {
  try {
    return parseEnv({ ...record, ...readFlags(args) });
  } catch (error) {
    return { ok: false, problems: [error instanceof Error ? error.message : String(error)] };
  }
}

/** The environment of this process as it was given. */
export function ownEnvironment(): Readonly<Record<string, string | undefined>> {
  return { ...process.env };
}

/**
 * Reads this process's environment once; tells what is wrong on standard error and exits with code 2.
 * @param args flags, which go before the variables
 */
export function readEnv(args: readonly string[] = []): Env {
  const result = parseCall(process.env, args);
  if (result.ok) return result.env;
  process.stderr.write(`Wrong environment:\n${result.problems.map((problem) => `  ${problem}\n`).join('')}`);
  process.exit(2);
}

/** How to reach Temporal as the environment and the files that it names say now; undefined: they say nothing that can be used. */
export function rereadTemporal(args: readonly string[] = []): TemporalEnv | undefined {
  const result = parseCall(process.env, args);
  return result.ok ? result.env.temporal : undefined;
}

function readTemporal(given: Record<string, string>): TemporalEnv | string {
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars: given });
    const address = connectionOptions.address ?? '127.0.0.1:7233';
    if (!/^(\[[0-9a-fA-F:]+\]|[^\s:/]+)(:\d{1,5})?$/.test(address)) return 'TEMPORAL_ADDRESS: must be host:port';
    return { namespace: namespace ?? 'default', connectionOptions: { ...connectionOptions, address } };
  } catch (error) {
    return `TEMPORAL_*: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function toEnv(given: z.output<typeof envSchema>, temporal: TemporalEnv): Env {
  return Object.freeze({
    temporal: Object.freeze(temporal),
    taskQueue: given.IRONLOOM_TASK_QUEUE,
    kubeconfigPath: given.KUBECONFIG,
    watchNamespace: given.IRONLOOM_WATCH_NAMESPACE,
    watchFilter: given.IRONLOOM_WATCH_FILTER,
    defaultRegistry: given.IRONLOOM_DEFAULT_REGISTRY,
    hostLabels: { failureDomain: given.IRONLOOM_FAILURE_DOMAIN_LABEL, hardware: given.IRONLOOM_HARDWARE_LABELS },
    buildId: given.IRONLOOM_BUILD_ID,
    workflowBundlePath: given.IRONLOOM_WORKFLOW_BUNDLE,
    settingsFolder: given.IRONLOOM_SETTINGS_FOLDER,
    metricsAddress: given.IRONLOOM_METRICS_ADDRESS,
    healthAddress: given.IRONLOOM_HEALTH_ADDRESS,
    logLevel: given.IRONLOOM_LOG_LEVEL,
    reprovisionDeadlineMs: given.IRONLOOM_REPROVISION_DEADLINE,
    cleanDeadlineMs: given.IRONLOOM_CLEAN_DEADLINE,
    validateDeadlineMs: given.IRONLOOM_VALIDATE_DEADLINE,
    nodeJoinDeadlineMs: given.IRONLOOM_NODE_JOIN_DEADLINE,
    maxConcurrentReprovisions: given.IRONLOOM_MAX_CONCURRENT_REPROVISIONS,
    resyncPeriodMs: given.IRONLOOM_RESYNC_PERIOD,
    journal: toJournal(given),
    leaderElect: given.IRONLOOM_LEADER_ELECT,
    leaseNamespace: given.IRONLOOM_LEASE_NAMESPACE,
    console: {
      address: given.IRONLOOM_CONSOLE_ADDRESS ?? { host: '127.0.0.1', port: 8480 },
      access: given.IRONLOOM_CONSOLE_ACCESS,
      temporalUiUrl: given.IRONLOOM_TEMPORAL_UI_URL,
    },
  });
}

function toJournal(given: z.output<typeof envSchema>): JournalEnv | undefined {
  const url = given.IRONLOOM_JOURNAL_URL;
  if (url === undefined) return undefined;
  return { url, password: given.IRONLOOM_JOURNAL_PASSWORD, retentionMonths: given.IRONLOOM_JOURNAL_RETENTION };
}
