import { cleanupMarkerPath, hostStateFolder, seedFolder } from './script.ts';

const kubeletFolder = '/var/lib/kubelet';
/** What a node leaves behind, where disks of their own may be mounted. */
const mountedFolders = [kubeletFolder, '/var/lib/containerd', '/var/lib/etcd'];
/** What a node leaves behind and the next one must not find. */
const nodeFolders = [...mountedFolders, '/etc/kubernetes'];

/**
 * Boot stages for /oem that decide what the next boot makes of an attempt, and then remove themselves. If the attempt's
 * mark is there, they clear the previous node's state before anything of it can start, and restore the seed, because
 * stock images forget /var/lib/cloud at a reboot. Without the mark the power was lost in the middle: they remove the
 * seed, so that this boot makes no node and the agent starts the plan over.
 * State on disks of their own is mounted after the first stage, and cleared in the second, once more: `fs` runs when all
 * of fstab is mounted, and before kubelet and containerd.
 * Should they not be removed, the files `cleared` and `cleared-mounts` keep them from wiping the running node at each
 * boot; if nothing of a node ran yet, the boot that cleared was cut short, and the seed is due once more.
 * A boot of the fallback image makes no node, neither the new one nor the old one that it knows: the state is cleared, and
 * cloud-init gets no more than the network, through which the agent tells. The stages stay for the next boot.
 * Rescue systems read /oem as well and are left alone.
 */
export function cleanupMarker(attemptId: string): string {
  const rescue = filesOfMode('recovery', 'live');
  const condition = rescue.map((path) => `[ ! -e ${path} ]`).join(' && ');
  const stage = (name: string, title: string, command: string): string => `  ${name}:
    - name: "${title}"
      if: '${condition}'
      commands:
        - |
${command.trimEnd().replaceAll(/^(?=.)/gm, '          ')}
`;
  return `name: "Ironloom: clear the previous node once"
stages:
${stage('initramfs', 'Clear the previous node', renderFirst(attemptId))}${stage('fs', 'Clear what is mounted', renderMounted(attemptId))}`;
}

function filesOfMode(...modes: string[]): string[] {
  return modes.flatMap((mode) => [`/run/elemental/${mode}_mode`, `/run/cos/${mode}_mode`]);
}

function renderHead(attemptId: string, folders: readonly string[]): string {
  return `root="\${IRONLOOM_ROOT:-}"
state="$root${hostStateFolder}"
attempt=${attemptId}
holds() { [ "$(head -n 1 "$state/$1" 2>/dev/null)" = "$attempt" ]; }
forget_node() {
  for folder in ${folders.map((folder) => `"$root${folder}"`).join(' ')}; do
    if [ -d "$folder" ]; then find "$folder" -xdev -mindepth 1 -delete; fi
  done
}
`;
}

function renderFirst(attemptId: string): string {
  const [elemental, cos] = filesOfMode('passive');
  return `${renderHead(attemptId, nodeFolders)}seed="$root${seedFolder}"
in_fallback() { [ -e "$root${elemental}" ] || [ -e "$root${cos}" ]; }
restore_seed() {
  if [ -f "$state/seed/user-data" ]; then
    mkdir -p "$seed"
    cp -p "$state"/seed/* "$seed/"
  fi
}
seed_network_only() {
  rm -rf "$seed"
  if [ -f "$state/seed/network-config" ]; then
    mkdir -p "$seed"
    cp -p "$state/seed/network-config" "$seed/"
    echo '#cloud-config' >"$seed/user-data"
    echo "instance-id: $attempt-fallback" >"$seed/meta-data"
  fi
}
if ! holds attempt; then
  rm -rf "$seed" "$state/seed"
elif ! holds cleared; then
  forget_node
  if in_fallback; then
    seed_network_only
  else
    restore_seed
    echo "$attempt" >"$state/cleared"
  fi
elif [ -z "$(ls -A "$root${kubeletFolder}" 2>/dev/null)" ] && ! in_fallback; then
  restore_seed
fi
sync
`;
}

function renderMounted(attemptId: string): string {
  return `${renderHead(attemptId, mountedFolders)}if holds attempt && ! holds cleared-mounts; then
  forget_node
  if holds cleared; then echo "$attempt" >"$state/cleared-mounts"; fi
  sync
fi
if holds cleared || ! holds attempt; then rm -f "$root${cleanupMarkerPath}"; fi
`;
}
