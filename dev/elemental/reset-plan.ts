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
