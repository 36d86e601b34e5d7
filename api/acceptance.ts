import { z } from 'zod';

const version = z
  .string()
  .max(32)
  .regex(/^v?[0-9]{1,6}(\.[0-9]{1,6}){0,3}$/);

const diskSchema = z
  .object({
    minCount: z.int().min(1).max(64).default(1).describe('How many disks must be as the other fields say.'),
    minSizeGB: z.int().min(1).max(1_000_000).optional().describe('Size of each, in 10^9 bytes.'),
    rotational: z.boolean().optional().describe('false: only disks that do not turn count. true: only those that do.'),
    minReadMBps: z
      .int()
      .min(1)
      .max(100_000)
      .optional()
      .describe(
        'What each reads in a second, in 10^6 bytes, measured past all caches over 512 MiB. Nothing is written.',
      ),
  })
  .describe('Disks of the host; removable and virtual ones do not count.');

const memorySchema = z
  .object({
    minGiB: z.int().min(1).max(100_000).describe('What Linux has of it: a few percent less than is built in.'),
  })
  .describe('Memory of the host.');

const cpuSchema = z
  .object({ minThreads: z.int().min(1).max(10_000).describe('Processors as Linux counts them.') })
  .describe('Processors of the host.');

const nicSchema = z
  .object({
    minLinks: z.int().min(1).max(64).default(1).describe('How many cards must have a link of that speed.'),
    minSpeedMbps: z.int().min(1).max(1_000_000).optional().describe('Speed of each, in 10^6 bits a second.'),
  })
  .describe('Network cards of the host; virtual ones do not count.');

const agentSchema = z
  .object({ minVersion: version.describe('For example 0.3.11.') })
  .describe('The agent that carries out plans, elemental-system-agent or rancher-system-agent.');

const osSchema = z
  .object({
    id: z
      .string()
      .min(1)
      .max(63)
      .regex(/^[a-z0-9][-a-z0-9._]*$/)
      .optional()
      .describe('ID of /etc/os-release, for example sl-micro.'),
    minVersion: version.optional().describe('VERSION_ID of /etc/os-release at least, for example 6.1.'),
  })
  .describe('The operating system that the host runs.');

const imageSchema = z
  .object({ minVersion: version.describe('Tag of the image at least, for example 2.2.0.') })
  .describe('The elemental image that the host runs, as its /etc/os-release says.');

const scriptSchema = z
  .object({
    content: z
      .string()
      .min(1)
      .max(8_192)
      .describe('Run by /bin/sh as root. Exit code 0 passes; the end of what it prints is the message. No secrets.'),
    timeoutSeconds: z.int().min(1).max(600).default(60).describe('It fails when it has not ended by then.'),
  })
  .describe('A check of your own. It must change nothing on the host.');

const checkKinds = {
  disk: diskSchema.optional(),
  memory: memorySchema.optional(),
  cpu: cpuSchema.optional(),
  nic: nicSchema.optional(),
  agent: agentSchema.optional(),
  os: osSchema.optional(),
  image: imageSchema.optional(),
  script: scriptSchema.optional(),
};

/** What a check can look at; each check names one of them. */
export const checkKindNames = [
  'disk',
  'memory',
  'cpu',
  'nic',
  'agent',
  'os',
  'image',
  'script',
] as const satisfies (keyof typeof checkKinds)[];

export const acceptanceCheckSchema = z.object({
  name: z
    .string()
    .min(1)
    .max(40)
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
    .describe('What the check is called in results; each name stands once.'),
  ...checkKinds,
});
/** One check; exactly one of its kinds is set. */
export type AcceptanceCheck = z.infer<typeof acceptanceCheckSchema>;

export const acceptanceSchema = z
  .object({
    checks: z
      .array(acceptanceCheckSchema)
      .max(16)
      .describe('What a host must pass, in this order. None: its agent must carry out a plan.'),
  })
  .describe(
    'Hosts run these checks before they are offered for the first time, after a failed reprovision, after unquarantine and when the checks have changed. Absent: hosts are offered unseen.',
  );

export const checkResultSchema = z.object({
  name: z.string().max(40),
  passed: z.boolean(),
  measured: z.string().max(100),
  message: z.string().max(200),
});
/** What one check of a host found. A host wrote all but the form: it is bounded and printable, and no more. */
export type CheckResult = z.infer<typeof checkResultSchema>;

export const acceptanceResultsSchema = z.object({
  /** The host did not say anything in time. */
  timedOut: z.literal(true).optional(),
  /** What kept the checks from being done, in words of ours. */
  problem: z.string().max(500).optional(),
  checks: z.array(checkResultSchema).max(16),
});
/** Content of the annotation `acceptance-results`. */
export type AcceptanceResults = z.infer<typeof acceptanceResultsSchema>;
