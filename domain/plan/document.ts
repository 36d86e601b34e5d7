import { createHash } from 'node:crypto';
import type { PlanType } from '../../api/constants.ts';

/** A plan as it is stored in `data.plan` of the plan Secret. */
export interface RenderedPlan {
  json: string;
  /** sha256 hex of the bytes of `json`; the host agent reports results by it. */
  checksum: string;
}

/** A file that the host agent writes, at each of its starts, before the script runs. */
export interface PlanFile {
  /** Absolute path on the host. */
  path: string;
  content: string;
}

/** Bytes of a plan's JSON; outputs of the host share the Secret's 1 MiB with it. */
export const planLimitBytes = 800 * 1024;
/** Kernel limit for one argument is 128 KiB. */
const scriptLimitBytes = 64 * 1024;

/** Top-level field that the host agent ignores; it makes the checksum of every attempt differ. */
const attemptField = 'ironloomAttempt';

/**
 * A plan with one instruction. The script ends up in the host agent's log: nothing secret may stand in it.
 * @throws RangeError when a part is larger than host or Secret can take
 */
export function renderPlan(parts: {
  attemptId: string;
  planType: PlanType;
  script: string;
  files: readonly PlanFile[];
}): RenderedPlan {
  if (Buffer.byteLength(parts.script) > scriptLimitBytes) throw new RangeError('plan: the script is too long');
  // The attempt comes first: `readPlanAttempt` looks at the beginning only.
  const document = {
    [attemptField]: parts.attemptId,
    files: parts.files.map(({ path, content }) => ({
      path,
      content: Buffer.from(content, 'utf8').toString('base64'),
      permissions: '0600',
    })),
    instructions: [
      { name: `ironloom-${parts.planType}`, command: '/bin/sh', args: ['-c', parts.script], saveOutput: true },
    ],
    periodicInstructions: [],
    probes: {},
  };
  const json = JSON.stringify(document);
  if (Buffer.byteLength(json) > planLimitBytes) throw new RangeError('plan: too large for a Secret');
  return { json, checksum: checksumOf(json) };
}

/** sha256 hex of stored bytes. */
export function checksumOf(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Attempt id in the bytes of a plan that `renderPlan` made; undefined in any other. */
export function readPlanAttempt(plan: Uint8Array): string | undefined {
  const head = Buffer.from(plan.subarray(0, 200)).toString('latin1');
  const found = new RegExp(`^\\{"${attemptField}":"([A-Za-z0-9.-]{1,150})"`).exec(head)?.[1];
  // A copy: a slice would keep the head in memory.
  return found && Buffer.from(found).toString('latin1');
}
