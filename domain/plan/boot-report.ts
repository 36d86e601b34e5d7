import { decodeOutput } from './host-output.ts';

/** How elemental booted a host, by the file that it leaves under /run; `unknown`: there is none. */
const bootModes = ['active', 'passive', 'live', 'recovery', 'unknown'] as const;
export type BootMode = (typeof bootModes)[number];

/** How a host has booted after it applied a plan. */
export interface BootReport {
  /** Another boot than that in which the plan ran. */
  rebooted: boolean;
  mode: BootMode;
}

/**
 * Shell: prints the line that `readBootReport` reads. `boot` and `seen_boot` are the boot ids of now and of the plan; the
 * image is what its os-release calls itself.
 */
export const bootReport = `  mode=unknown
  for known in active passive live recovery; do
    if [ -e "$root/run/elemental/\${known}_mode" ] || [ -e "$root/run/cos/\${known}_mode" ]; then mode=$known; fi
  done
  booted=$(. "$root/etc/os-release" 2>/dev/null && echo "\${IMAGE:-\${IMAGE_REPO:-}:\${IMAGE_TAG:-}}" | tr -cd 'A-Za-z0-9._:/@-') || :
  printf 'ironloom: boot %s after %s mode %s image %.300s\\n' "$boot" "$seen_boot" "$mode" "\${booted:-unknown}"`;

/** Whether a plan is one whose guard reports each boot: those of older versions of this provider do not. */
export function reportsBoot(plan: Uint8Array): boolean {
  return Buffer.from(plan).includes('ironloom: boot %s after');
}

const line = /^ironloom: boot ([0-9A-Za-z-]{1,64}) after ([0-9A-Za-z-]{1,64}) mode ([a-z]{1,10}) image \S{1,300}$/gm;

/** A script of ours prints far less. This is read at every change of a plan Secret. */
const limits = { packedBytes: 64 * 1024, unpackedBytes: 256 * 1024 };

/** What a host says in `applied-output` of its boot since it applied its plan; undefined: nothing yet. */
export function readBootReport(appliedOutput: string | undefined): BootReport | undefined {
  if (appliedOutput === undefined || appliedOutput === '') return undefined;
  const decoded = decodeOutput(appliedOutput, limits);
  if (decoded.kind !== 'text') return undefined;
  const [, boot, before, said] = [...decoded.text.slice(-4096).matchAll(line)].at(-1) ?? [];
  const mode = bootModes.find((known) => known === said);
  return mode === undefined ? undefined : { rebooted: boot !== before, mode };
}
