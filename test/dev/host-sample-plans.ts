/** Plans of the kind that this provider writes, short: what they do to a host, not how they are rendered. */

const root = '"${IRONLOOM_ROOT:-}"';

export interface SampleSeed {
  instanceId: string;
  userData: string;
}

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

/** Stages a seed, installs it, upgrades and reboots, guarded by a mark. */
export function sampleReprovisionPlan(attempt: string, name: string): string {
  const staging = '/var/lib/elemental/ironloom/staging';
  const mark = `${root}/var/lib/elemental/ironloom/${attempt}.applied`;
  const script = `
exec 2>&1
set -eu
if [ -e ${mark} ]; then
  [ "$(cat ${mark})" != "$(cat ${root}/proc/sys/kernel/random/boot_id)" ] || shutdown -r +1
  exit 0
fi
cloud-init clean --logs --seed
mkdir -p ${root}/var/lib/cloud/seed/nocloud
cp ${root}${staging}/user-data ${root}${staging}/meta-data ${root}/var/lib/cloud/seed/nocloud/
cat >${root}/oem/99-cleanup.yaml <<'STAGE'
stages:
  boot:
    - commands:
        - rm -rf /var/lib/kubelet /var/lib/containerd /var/lib/etcd /etc/kubernetes
        - rm -f /oem/99-cleanup.yaml
STAGE
timeout 60 elemental upgrade --reboot=false --system "registry.example/os:v1"
cat ${root}/proc/sys/kernel/random/boot_id >${mark}
shutdown -r +1
`;
  const file = (path: string, content: string): object => ({
    path,
    content: Buffer.from(content).toString('base64'),
    permissions: '0600',
  });
  return JSON.stringify({
    attempt,
    files: [
      file(`${staging}/user-data`, sampleUserData(name)),
      file(`${staging}/meta-data`, `instance-id: ${attempt}\nlocal-hostname: ${name}\n`),
    ],
    instructions: [shell('reprovision', script)],
  });
}

/** Cancels a reboot, stops kubelet, removes pods, stops containerd; safe to run again. */
export function sampleCleanPlan(attempt: string): string {
  const script = `
exec 2>&1
set -eu
shutdown -c
rm -f ${root}/oem/99-cleanup.yaml
systemctl stop kubelet
if systemctl is-active containerd; then
  for pod in $(crictl pods -q); do crictl rmp -f "$pod"; done
  systemctl stop containerd
fi
`;
  return JSON.stringify({ attempt, instructions: [shell('clean', script)] });
}

/** One script as a plan. */
export function samplePlan(attempt: string, script: string): string {
  return JSON.stringify({ attempt, instructions: [shell('step', script)] });
}

function shell(name: string, script: string): object {
  return { name, command: '/bin/sh', args: ['-c', script], saveOutput: true };
}
