import { cleanupMarkerPath, hostStateFolder, seedFolder } from './plan-script.ts';

/** What a node leaves behind and the next one must not find. */
const nodeFolders = ['/var/lib/kubelet', '/var/lib/containerd', '/var/lib/etcd', '/etc/kubernetes'];

/**
 * Boot stage for /oem that makes the next boot clear the previous node's state, before anything of it can start, and
 * then removes itself. The file `cleared` keeps it from wiping a running node at each boot, should the removal fail.
 * It also restores the seed, because stock images forget /var/lib/cloud at a reboot. Rescue systems read /oem as well
 * and are left alone.
 */
export function cleanupMarker(attemptId: string): string {
  const rescue = ['recovery_mode', 'live_mode'].flatMap((mode) => [`/run/elemental/${mode}`, `/run/cos/${mode}`]);
  const folders = nodeFolders.map((folder) => `"$root${folder}"`).join(' ');
  const command = `root="\${IRONLOOM_ROOT:-}"
state="$root${hostStateFolder}"
if [ "$(cat "$state/cleared" 2>/dev/null)" != ${attemptId} ]; then
  for folder in ${folders}; do
    if [ -d "$folder" ]; then find "$folder" -xdev -mindepth 1 -delete; fi
  done
  if [ -f "$state/seed/user-data" ]; then
    mkdir -p "$root${seedFolder}"
    cp -p "$state"/seed/* "$root${seedFolder}/"
  fi
  echo ${attemptId} >"$state/cleared"
fi
rm -f "$root${cleanupMarkerPath}"
`;
  return `name: "Ironloom: clear the previous node once"
stages:
  initramfs:
    - name: "Clear the previous node"
      if: '${rescue.map((path) => `[ ! -e ${path} ]`).join(' && ')}'
      commands:
        - |
${command.trimEnd().replaceAll(/^/gm, '          ')}
`;
}
