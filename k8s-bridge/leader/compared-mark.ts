import { annotations } from '../../api/constants.ts';
import type { ObjectKey } from '../../api/meta.ts';
import type { KubeClient } from '../../runtime/kube/client.ts';
import { leases } from './lease-record.ts';

/** Whoever led that long ago may have seen another world. */
const MAX_AGE_MS = 3_600_000;

/** What a leader's Lease says of its work, for the next one. */
export function writeComparedMark(atMs: number | undefined): Record<string, string> {
  return atMs === undefined ? {} : { [annotations.runsCompared]: new Date(atMs).toISOString() };
}

/** When a leader last found that runs and machines agree; wall clock. undefined: nobody says, or it is long ago. */
export async function readComparedMark(
  client: Pick<KubeClient, 'find'>,
  lease: ObjectKey,
  nowMs: number,
): Promise<number | undefined> {
  const found = await client.find(leases, lease).catch(() => undefined);
  const atMs = Date.parse(found?.metadata.annotations[annotations.runsCompared] ?? '');
  return atMs <= nowMs && nowMs - atMs <= MAX_AGE_MS ? atMs : undefined;
}
