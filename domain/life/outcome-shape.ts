/**
 * Whether a value that a step's activity was completed with can be one of its outcomes: undefined, or an object with a
 * `kind`, whose host and plan, where it has some, are whole.
 */
export function isOutcome(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (!isRecord(value) || typeof value['kind'] !== 'string') return false;
  const claim = value['claim'];
  return (
    isHost(value['host']) &&
    isPlan(value['plan']) &&
    (claim === undefined || isOutcome(claim)) &&
    isPlanned(value['planned'])
  );
}

function isPlanned(value: unknown): boolean {
  if (value === undefined) return true;
  return isRecord(value) && value['kind'] === 'written' && isRecord(value['plan']) && isOutcome(value);
}

function isHost(value: unknown): boolean {
  if (value === undefined) return true;
  return (
    isRecord(value) &&
    ['inventory', 'hostname', 'planSecret', 'recorded'].every((field) => typeof value[field] === 'string') &&
    Array.isArray(value['addresses'])
  );
}

function isPlan(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return (
    isRecord(value) &&
    ['type', 'checksum'].every((field) => typeof value[field] === 'string') &&
    ['attempt', 'deadlineMs'].every((field) => typeof value[field] === 'number') &&
    isRecord(value['progress'])
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
