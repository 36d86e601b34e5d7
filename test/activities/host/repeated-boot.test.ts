import { expect, test } from 'vitest';
import { mayRepeatBoot } from '../../../activities/host/repeated-boot.ts';
import type { PlanSlot } from '../../../activities/host/plan-writer.ts';
import { capiMachineSchema } from '../../../api/cluster-api.ts';
import { secretSchema } from '../../../api/core.ts';
import { machineInventorySchema } from '../../../api/inventory.ts';
import { baremetalMachineSchema } from '../../../api/machine.ts';
import type { BootReport } from '../../../domain/plan/boot-report.ts';
import { attemptId } from '../../../domain/plan/attempt.ts';
import { renderCleanPlan } from '../../../domain/plan/clean.ts';
import { renderReprovisionPlan } from '../../../domain/plan/reprovision.ts';
import { viewPlanSecret } from '../../../domain/plan/secret.ts';
import { hostView } from '../../k8s-bridge/bridge-fixtures.ts';

const fallback: BootReport = { rebooted: true, mode: 'passive' };
const metadata = { namespace: 'demo', name: 'h1' };
const found = secretSchema.parse({ metadata });
const inventory = machineInventorySchema.parse({
  apiVersion: 'elemental.cattle.io/v1beta1',
  kind: 'MachineInventory',
  metadata,
});

function planOf(planType: 'reprovision' | 'clean', attempt: number, uid: string) {
  const id = attemptId({ uid, planType, attempt });
  if (planType === 'clean') return renderCleanPlan({ attemptId: id });
  return renderReprovisionPlan({ attemptId: id, userData: '#cloud-config', hostname: 'h1', image: 'os:v1' });
}

interface Scene {
  providerID?: string;
  nodeRef?: { name: string };
  owned?: false;
  kind?: 'free' | 'written';
  standing?: ReturnType<typeof planOf>;
  applied?: boolean;
  boot?: BootReport | undefined;
  attempt?: number;
}

function repeats(scene: Scene): boolean {
  const { standing = planOf('reprovision', 1, 'uid-1'), applied = true, attempt = 2 } = scene;
  const spec = { machineInventoryPoolRef: { name: 'p' }, providerID: scene.providerID ?? 'baremetal:///h1' };
  const machine = baremetalMachineSchema.parse({
    apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta1',
    kind: 'BaremetalMachine',
    metadata: { namespace: 'demo', name: 'm', uid: 'uid-1' },
    spec,
  });
  const owner = capiMachineSchema.parse({
    metadata: { name: 'm' },
    spec: { clusterName: 'c' },
    status: { nodeRef: scene.nodeRef },
  });
  const encode = (text: string): string => Buffer.from(text).toString('base64');
  const data = { plan: encode(standing.json), 'applied-checksum': encode(applied ? standing.checksum : '') };
  const boot = 'boot' in scene ? scene.boot : fallback;
  const secret = { ...viewPlanSecret(secretSchema.parse({ metadata, data })), boot };
  const host = hostView({ name: 'h1' });
  const slot: PlanSlot =
    scene.kind === 'written'
      ? { kind: 'written', inventory, host, secret, attempt: { uid: 'uid-1', planType: 'reprovision', attempt } }
      : { kind: 'free', inventory, host, secret, found };
  return mayRepeatBoot(machine, scene.owned === false ? undefined : owner, slot, attempt);
}

test.each<[string, boolean, Scene]>([
  ['a host that fell back', true, {}],
  ['the attempt after one that failed, or had no answer', true, { applied: false, boot: undefined }],
  ['an attempt that stands there unanswered', true, { kind: 'written', applied: false }],
  ['an attempt that stands there answered', false, { kind: 'written' }],
  ['the first attempt, that stands there', false, { kind: 'written', applied: false, attempt: 1 }],
  ['a host that booted the new image', false, { boot: { rebooted: true, mode: 'active' } }],
  ['a host that has not rebooted', false, { boot: { rebooted: false, mode: 'passive' } }],
  ['a host that has told nothing', false, { boot: undefined }],
  ['a machine whose Node is known', false, { nodeRef: { name: 'n' } }],
  ['a machine without its Machine', false, { owned: false }],
  ['the host of another providerID', false, { providerID: 'baremetal:///h2' }],
  ['an attempt that does not follow', false, { attempt: 3 }],
  ['the same attempt', false, { attempt: 1 }],
  ['the plan of another machine', false, { standing: planOf('reprovision', 1, 'uid-2') }],
  ['a clean plan', false, { standing: planOf('clean', 1, 'uid-1') }],
])('a provisioned machine gets its plan again: %s', (_, expected, scene) => {
  expect(repeats(scene)).toBe(expected);
});
