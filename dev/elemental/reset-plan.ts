import { z } from 'zod';
import { elementalAnnotations, type ElementalInventory } from './inventory.ts';

/** The plan that elemental-operator writes over any other when a resettable inventory is deleted; ends in a newline. */
export function renderElementalResetPlan(inventory: ElementalInventory, nowIso: string): string {
  const notes = inventory.metadata.annotations ?? {};
  const plan =
    notes[elementalAnnotations.unmanaged] === 'true'
      ? { files: [{ content: toBase64(nowIso), path: '/var/lib/elemental/.unmanaged_reset', permissions: '0600' }] }
      : {
          files: [{ content: toBase64(resetCloudConfig), path: '/oem/reset-cloud-config.yaml', permissions: '0600' }],
          instructions: [
            ...(replacesNetwork(inventory)
              ? [instruction('restore first boot config', 'elemental-register', ['--debug', '--reset-network'])]
              : []),
            instruction('configure next boot to recovery mode', 'grub2-editenv', [
              '/oem/grubenv',
              'set',
              'next_entry=recovery',
            ]),
            instruction('schedule reboot', 'shutdown', ['-r', '+1']),
          ],
        };
  return `${JSON.stringify(plan)}\n`;
}

/** Merge patch of annotations that leaves none but `wanted`. */
export function replacedAnnotations(
  standing: Readonly<Record<string, string>> = {},
  wanted: Readonly<Record<string, string>>,
): Record<string, string | null> {
  const dropped = Object.keys(standing).map((name): [string, null] => [name, null]);
  return { ...Object.fromEntries(dropped), ...wanted };
}

/** The network was made by elemental: the host goes back to the one of its first boot. */
function replacesNetwork({ spec }: ElementalInventory): boolean {
  const configurator = networkSchema.safeParse(spec).data?.network?.configurator ?? 'none';
  return configurator !== 'none';
}

const networkSchema = z.looseObject({ network: z.looseObject({ configurator: z.string().optional() }).optional() });

const resetCloudConfig = `name: Elemental Reset
stages:
  network.after:
  - name: Runs elemental reset
    if: '[ -f /run/elemental/recovery_mode ]'
    commands:
    - elemental-register --debug --reset
`;

function instruction(name: string, command: string, args: string[]): object {
  return { name, command, args };
}

function toBase64(text: string): string {
  return Buffer.from(text).toString('base64');
}
