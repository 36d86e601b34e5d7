import { z } from 'zod';
import { parseDurationMs } from './duration.ts';
import { parseHardwareLabels } from './hardware-labels.ts';

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
    .describe(
      'Worker, bridge, console and CLI: PostgreSQL database of the journal. Default: the journal is lines of the log.',
    ),
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

/** `:9090`, without a host, means every interface, as everywhere in Kubernetes; a host in brackets is IPv6. */
function listenHost(host: string): string | undefined {
  if (host === '') return undefined;
  return host.startsWith('[') ? host.slice(1, -1) : host;
}
