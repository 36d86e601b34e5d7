import { loadClientConnectConfig } from '@temporalio/envconfig';
import { z } from 'zod';
import { parseDurationMs } from './duration.ts';
import { parseHardwareLabels } from './hardware-labels.ts';
import { readFlags } from './flags.ts';

/** Where an HTTP server of ours listens. */
export interface ListenAddress {
  /** undefined: every interface. */
  host: string | undefined;
  port: number;
}

/** Where runs are looked for when nobody says otherwise. */
export const DEFAULT_TASK_QUEUE = 'ironloom-machine-v1';

const MAX_DEADLINE_MS = 30 * 24 * 3_600_000;
/** As in the API of pools (`api/slots.ts`). */
const MAX_SLOTS = 500;

const duration = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((text, context) => {
      const ms = parseDurationMs(text);
      if (ms !== undefined && ms > 0 && ms <= MAX_DEADLINE_MS) return ms;
      context.addIssue({ code: 'custom', message: `'${text}' is no duration such as 60m or 1h30m (at most 720h)` });
      return z.NEVER;
    });

const listenAddress = z
  .string()
  .optional()
  .transform((text, context): ListenAddress | undefined => {
    if (text === undefined) return undefined;
    const match = /^(\[[0-9a-fA-F:]+\]|[^:\s]*):(\d{1,5})$/.exec(text);
    const port = Number(match?.[2]);
    if (match?.[1] !== undefined && port <= 65_535) return { host: listenHost(match[1]), port };
    context.addIssue({ code: 'custom', message: `'${text}' is no address such as 127.0.0.1:9090 or :9090` });
    return z.NEVER;
  });

const text = z.string().optional();
const matching = (pattern: RegExp, what: string) => z.string().regex(pattern, `must be ${what}`).optional();
const dnsLabel = matching(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'a namespace name');

/** The variables that a process of ours reads. Blank counts as unset. `TEMPORAL_*`: see `@temporalio/envconfig`. */
export const envSchema = z.object({
  IRONLOOM_TASK_QUEUE: z.string().max(200).default(DEFAULT_TASK_QUEUE).describe('Temporal task queue.'),
  KUBECONFIG: text.describe('Kubeconfig files. Default: ~/.kube/config, then the service account of the Pod.'),
  IRONLOOM_WATCH_NAMESPACE: dnsLabel.describe('Only this namespace is served. Default: all.'),
  IRONLOOM_WATCH_FILTER: matching(/^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/, 'a label value').describe(
    'Only objects whose label cluster.x-k8s.io/watch-filter has this value. Default: all.',
  ),
  IRONLOOM_DEFAULT_REGISTRY: matching(
    /^[A-Za-z0-9.-]+(:\d{1,5})?(\/[A-Za-z0-9._/-]+)?$|^\[[0-9a-fA-F:]+\](:\d{1,5})?$/,
    'a registry host, optionally with port and path, without scheme',
  ).describe('Registry of OS images for Clusters without cpaas.io/registry-address. Default: none.'),
  IRONLOOM_FAILURE_DOMAIN_LABEL: z
    .string()
    .regex(
      /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/,
      'must be the key of a label',
    )
    .default('topology.kubernetes.io/zone')
    .describe('Label of the MachineInventory whose value is the failure domain of the host.'),
  IRONLOOM_HARDWARE_LABELS: z
    .string()
    .default('')
    .transform((text, context) => {
      const labels = parseHardwareLabels(text);
      if (labels !== undefined) return labels;
      context.addIssue({
        code: 'custom',
        message: `'${text}' is not of the form cpu=label|label,nvidia.com/gpu=label`,
      });
      return z.NEVER;
    })
    .describe('Labels of the MachineInventory that tell its hardware. Default: those of elemental, see the guide.'),
  IRONLOOM_BUILD_ID: matching(/^[A-Za-z0-9][-A-Za-z0-9_.]{0,127}$/, 'letters, digits, dots, dashes').describe(
    'Worker: its version in the Temporal worker deployment that is called as the task queue. Default: unversioned.',
  ),
  IRONLOOM_WORKFLOW_BUNDLE: text.describe(
    'Worker: file with the workflow bundle that workers/bundle-main.ts printed. Default: bundled at each start.',
  ),
  IRONLOOM_SETTINGS_FOLDER: text.describe(
    'Folder with one folder an object of `envFrom`, as a kubelet shows it: a change ends the process. Default: none.',
  ),
  IRONLOOM_METRICS_ADDRESS: listenAddress.describe('Serves /metrics. `:port` listens everywhere. Default: off.'),
  IRONLOOM_HEALTH_ADDRESS: listenAddress.describe('Serves /healthz and /readyz. Default: off.'),
  IRONLOOM_LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('Least level that is logged.'),
  IRONLOOM_REPROVISION_DEADLINE: duration('60m').describe(
    'A reprovision plan without a result is reported after this.',
  ),
  IRONLOOM_CLEAN_DEADLINE: duration('15m').describe('A clean plan without a result is reported after this.'),
  IRONLOOM_VALIDATE_DEADLINE: duration('15m').describe(
    'Bridge: a host that says nothing of the checks of its pool is reported after this and their own time limits.',
  ),
  IRONLOOM_NODE_JOIN_DEADLINE: duration('20m').describe('A host that did not become a Node is reported after this.'),
  IRONLOOM_MAX_CONCURRENT_REPROVISIONS: z
    .string()
    .optional()
    .transform((text, context) => {
      if (text === undefined) return undefined;
      const slots = /^\d{1,6}$/.test(text) ? Number(text) : 0;
      if (slots >= 1 && slots <= MAX_SLOTS) return slots;
      context.addIssue({ code: 'custom', message: `'${text}' is no number from 1 to ${MAX_SLOTS}` });
      return z.NEVER;
    })
    .describe('How many hosts of the installation may be at a reprovision plan at a time. Default: no limit.'),
  IRONLOOM_RESYNC_PERIOD: duration('3m').describe('Bridge: pause between two comparisons of runs and machines.'),
  IRONLOOM_JOURNAL_URL: z
    .string()
    .refine((url) => /^postgres(ql)?:\/\/./.test(url) && URL.canParse(url), 'must be postgresql://user@host/database')
    .optional()
    .describe('Worker and CLI: PostgreSQL database of the journal. Default: the journal is lines of the log.'),
  IRONLOOM_JOURNAL_PASSWORD: text.describe('Its password, where the URL is not secret.'),
  IRONLOOM_JOURNAL_RETENTION: z
    .string()
    .default('24')
    .transform((months, context) => {
      if (/^[1-9]\d{0,2}$/.test(months)) return Number(months);
      context.addIssue({ code: 'custom', message: `'${months}' is no number of months from 1 to 999` });
      return z.NEVER;
    })
    .describe('Worker: months after which an entry of the journal goes.'),
  IRONLOOM_LEADER_ELECT: z
    .enum(['true', 'false'])
    .default('true')
    .transform((value) => value === 'true')
    .describe('Bridge: wait for the Lease before acting.'),
  IRONLOOM_LEASE_NAMESPACE: dnsLabel
    .default('ironloom-system')
    .describe('Namespace of the Leases: the one that bridges compete for, and the one with the slots.'),
  IRONLOOM_CONSOLE_ADDRESS: listenAddress.describe('Console: where its page is. Default: 127.0.0.1:8480.'),
  IRONLOOM_CONSOLE_ACCESS: z
    .enum(['open', 'token'])
    .optional()
    .describe('Console: whom it lets in. Default: whoever is on this machine (open), elsewhere by token.'),
  IRONLOOM_TEMPORAL_UI_URL: z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/+$/, ''))
    .optional()
    .describe('Console: the Temporal UI, to which it links. Default: no links.'),
});

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

/** `:9090`, without a host, means every interface, as everywhere in Kubernetes; a host in brackets is IPv6. */
function listenHost(host: string): string | undefined {
  if (host === '') return undefined;
  return host.startsWith('[') ? host.slice(1, -1) : host;
}
