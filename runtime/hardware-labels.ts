/** By what elemental's own registrations call them: threads, usable memory in bytes, GOARCH. */
const defaults: Readonly<Record<string, readonly string[]>> = {
  cpu: ['elemental.cattle.io/CpuTotalThreads', 'TotalCPUThread'],
  memory: ['elemental.cattle.io/AvailableMemory', 'elemental.cattle.io/TotalMemory', 'TotalMemory'],
  'ephemeral-storage': ['elemental.cattle.io/EphemeralStorage'],
  architecture: ['elemental.cattle.io/Architecture'],
};

const key = /^(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

/**
 * Reads `cpu=label|label,nvidia.com/gpu=label`: which labels of an inventory tell what of its hardware, beside those that
 * do by default. `cpu=` means that none does. undefined: it is not of that form.
 */
export function parseHardwareLabels(text: string): Record<string, readonly string[]> | undefined {
  const labels: Record<string, readonly string[]> = { ...defaults };
  for (const part of text.split(',').filter((some) => some.trim() !== '')) {
    const [what = '', names, ...more] = part.split('=').map((side) => side.trim());
    if (names === undefined || more.length > 0 || !key.test(what)) return undefined;
    const keys = names === '' ? [] : names.split('|').map((name) => name.trim());
    if (!keys.every((name) => key.test(name))) return undefined;
    labels[what] = keys;
  }
  return labels;
}
