import { unveil } from './jinja/veil.ts';

/** Which rack, room or site a Node is in; the only place that names it for the host's kubelet. */
const ZONE_LABEL = 'topology.kubernetes.io/zone';

/**
 * The kubelet's argument `node-labels` with the label of the failure domain; undefined: it is to stay as it is. Ours comes
 * first: of a label that stands there twice, because a template renders it, the kubelet takes the last.
 */
export function withZone(labels: unknown, failureDomain: string | undefined): string | undefined {
  if (failureDomain === undefined) return undefined;
  const zone = `${ZONE_LABEL}=${failureDomain}`;
  if (labels === undefined || labels === null || labels === '') return zone;
  if (typeof labels !== 'string' || namesZone(labels)) return undefined;
  return `${zone},${labels}`;
}

/** Somebody has said where the node is. */
export function namesZone(labels: unknown): boolean {
  if (typeof labels !== 'string') return false;
  return unveil(labels)
    .split(',')
    .some((label) => label.split('=', 1)[0]?.trim() === ZONE_LABEL);
}
