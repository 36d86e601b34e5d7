import { attemptId } from '../../../domain/plan/attempt.ts';
import { renderCleanPlan } from '../../../domain/plan/clean.ts';
import { cleanupMarkerPath } from '../../../domain/plan/script.ts';
import { renderReprovisionPlan } from '../../../domain/plan/reprovision.ts';

const uid = '7c3f9d52-4c1c-4a87-9d7b-0b7a6f0c1e55';

/** User-data as CABPK renders it for a worker, normalised for the host `name`. */
export function sampleUserData(name: string): string {
  return `## template: jinja
#cloud-config
hostname: ${name}
write_files:
  - path: /run/kubeadm/kubeadm-join-config.yaml
    content: |
      apiVersion: kubeadm.k8s.io/v1beta4
      kind: JoinConfiguration
      nodeRegistration:
        name: '{{ ds.meta_data.local_hostname }}'
        kubeletExtraArgs:
          - name: provider-id
            value: baremetal:///${name}
        taints:
          - key: node.cluster.x-k8s.io/uninitialized
            effect: NoSchedule
runcmd:
  - kubeadm join --config /run/kubeadm/kubeadm-join-config.yaml
`;
}

/** Id of the nth attempt to make a node of the host, see `attemptId`. */
export function reprovisionAttempt(attempt: number): string {
  return attemptId({ uid, planType: 'reprovision', attempt });
}

/** The plan that this provider writes for it. */
export function reprovisionPlan(attempt: number, name: string): string {
  return renderReprovisionPlan({
    attemptId: reprovisionAttempt(attempt),
    userData: sampleUserData(name),
    hostname: name,
    image: 'registry.example/os:v1',
  }).json;
}

/** The same without an effective cleanup marker. */
export function unmarkedReprovisionPlan(attempt: number, name: string): string {
  return reprovisionPlan(attempt, name).replaceAll(cleanupMarkerPath, `${cleanupMarkerPath}.disabled`);
}

/** The plan that this provider writes to end a node. */
export function cleanPlan(attempt: number): string {
  return renderCleanPlan({ attemptId: attemptId({ uid, planType: 'clean', attempt }) }).json;
}

/** One script as a plan. */
export function samplePlan(attempt: string, script: string): string {
  const instruction = { name: 'step', command: '/bin/sh', args: ['-c', script], saveOutput: true };
  return JSON.stringify({ attempt, instructions: [instruction] });
}
