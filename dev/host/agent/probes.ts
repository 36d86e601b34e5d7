import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { HostPlan, HostPlanProbe } from '../../elemental/host-plan.ts';
import { readText, type SecretData, toValue } from '../../elemental/plan-secret.ts';

const statusSchema = z.object({
  healthy: z.boolean().optional(),
  successCount: z.number().optional(),
  failureCount: z.number().optional(),
});
type ProbeStatus = z.infer<typeof statusSchema>;
const statusesSchema = z.record(z.string(), statusSchema).catch({});

/** `probe-statuses` after one round of a plan's probes: old names stay, and each count ends at its threshold. */
export async function runProbes(
  { probes }: Pick<HostPlan, 'probes'>,
  data: SecretData,
  isFirst: boolean,
  signal: AbortSignal,
): Promise<SecretData> {
  const known = readStatuses(data);
  const names = Object.keys(probes);
  if (names.length === 0) return data;
  for (const name of names) {
    const probe = probes[name];
    if (probe === undefined) continue;
    if (isFirst) await sleep(probe.initialDelaySeconds * 1000, undefined, { signal });
    known[name] = count(probe, known[name] ?? {}, await answers(probe, signal));
  }
  return { ...data, 'probe-statuses': toValue(JSON.stringify(known)) };
}

function readStatuses(data: SecretData): Record<string, ProbeStatus> {
  try {
    return statusesSchema.parse(JSON.parse(readText(data, 'probe-statuses')));
  } catch {
    return {};
  }
}

/** What is false or 0 is left out, as Go's omitempty does. */
function count(
  probe: HostPlanProbe,
  { healthy = false, successCount = 0, failureCount = 0 }: ProbeStatus,
  ok: boolean,
) {
  const successes = ok ? Math.min(successCount + 1, probe.successThreshold || 1) : 0;
  const failures = ok ? 0 : Math.min(failureCount + 1, probe.failureThreshold || 3);
  const isHealthy = ok
    ? healthy || successes >= (probe.successThreshold || 1)
    : healthy && failures < (probe.failureThreshold || 3);
  return {
    ...(isHealthy && { healthy: true }),
    ...(successes > 0 && { successCount: successes }),
    ...(failures > 0 && { failureCount: failures }),
  };
}

/** 2xx is a success; without a time-out it waits for ever. */
async function answers({ httpGet, timeoutSeconds }: HostPlanProbe, signal: AbortSignal): Promise<boolean> {
  const patience = timeoutSeconds > 0 ? [AbortSignal.timeout(timeoutSeconds * 1000)] : [];
  try {
    const response = await fetch(httpGet.url, { signal: AbortSignal.any([signal, ...patience]) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
