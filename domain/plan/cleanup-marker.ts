import { cleanupMarkerPath, hostStateFolder, seedFolder } from './script.ts';

const kubeletFolder = '/var/lib/kubelet';
/** What a node leaves behind and the next one must not find. */
const nodeFolders = [kubeletFolder, '/var/lib/containerd', '/var/lib/etcd', '/etc/kubernetes'];

/**
 * Boot stage for /oem that decides what the next boot makes of an attempt, and then removes itself. If the attempt's
 * mark is there, it clears the previous node's state before anything of it can start, and restores the seed, because
 * stock images forget /var/lib/cloud at a reboot. Without the mark the power was lost in the middle: it removes the
 * seed, so that this boot makes no node and the agent starts the plan over.
 * Should it not be removed, the file `cleared` keeps it from wiping the running node at each boot; if nothing of a node
 * ran yet, the boot that cleared was cut short, and the seed is due once more.
 * Rescue systems read /oem as well and are left alone.
 */
export function cleanupMarker(attemptId: string): string {
  const rescue = ['recovery_mode', 'live_mode'].flatMap((mode) => [`/run/elemental/${mode}`, `/run/cos/${mode}`]);
  return `name: "Ironloom: clear the previous node once"
stages:
  initramfs:
    - name: "Clear the previous node"
      if: '${rescue.map((path) => `[ ! -e ${path} ]`).join(' && ')}'
      commands:
        - |
${renderCommand(attemptId).trimEnd().replaceAll(/^/gm, '          ')}
`;
}

function renderCommand(attemptId: string): string {
  const folders = nodeFolders.map((folder) => `"$root${folder}"`).join(' ');
  return `root="\${IRONLOOM_ROOT:-}"
state="$root${hostStateFolder}"
seed="$root${seedFolder}"
restore_seed() {
  if [ -f "$state/seed/user-data" ]; then
    mkdir -p "$seed"
    cp -p "$state"/seed/* "$seed/"
  fi
}
if [ "$(head -n 1 "$state/attempt" 2>/dev/null)" != ${attemptId} ]; then
  rm -rf "$seed" "$state/seed"
elif [ "$(cat "$state/cleared" 2>/dev/null)" != ${attemptId} ]; then
  for folder in ${folders}; do
    if [ -d "$folder" ]; then find "$folder" -xdev -mindepth 1 -delete; fi
  done
  restore_seed
  echo ${attemptId} >"$state/cleared"
elif [ -z "$(ls -A "$root${kubeletFolder}" 2>/dev/null)" ]; then
  restore_seed
fi
sync
rm -f "$root${cleanupMarkerPath}"
`;
}
