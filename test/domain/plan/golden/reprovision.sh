exec 2>&1
set -eu
root="${IRONLOOM_ROOT:-}"
state="$root/var/lib/elemental/ironloom"
marker="$root/oem/99_ironloom-cleanup.yaml"
seed="$root/var/lib/cloud/seed/nocloud"
log=/dev/null
step=prepare
logged=0
undo() { :; }
begin() {
  step=$1
  logged=$(wc -c <"$log") || logged=0
}
run() {
  limit=$1
  shift
  timeout -k 30 "$limit" "$@" >>"$log" 2>&1 </dev/null
}
open_log() { mkdir -p "$state" && true >"$state/reprovision.log" && log="$state/reprovision.log"; }
finish() {
  code=$?
  trap - EXIT
  set +e
  if [ "$code" -ne 0 ]; then undo; else logged=0; fi
  if [ -s "$log" ]; then tail -c "+$((logged + 1))" "$log" | tail -c 32768 | tail -n 40 | cut -c 1-400; fi
  if [ "$code" -ne 0 ]; then printf 'ironloom: step %s failed with exit code %s\n' "$step" "$code"; fi
  exit "$code"
}
trap finish EXIT

attempt='reprovision-1-0b7c2f6e-9a53-4a51-9a3e-0d9e7f0a1b2c'
image='registry.example/os/elemental:v1.34.1'
mark="$state/attempt"
boot=$(cat "$root/proc/sys/kernel/random/boot_id")

# Done already: says how the host has booted since, which proves that it did, and schedules a reboot that a crash may have
# lost. One that waits is left alone: an agent that starts again and again would move it away for ever.
seen=''
seen_boot=''
if [ -f "$mark" ]; then { read -r seen && read -r seen_boot; } <"$mark" || :; fi
if [ "$seen" = "$attempt" ]; then
  begin schedule-reboot
  mode=unknown
  for known in active passive live recovery; do
    if [ -e "$root/run/elemental/${known}_mode" ] || [ -e "$root/run/cos/${known}_mode" ]; then mode=$known; fi
  done
  booted=$(. "$root/etc/os-release" 2>/dev/null && echo "${IMAGE:-${IMAGE_REPO:-}:${IMAGE_TAG:-}}" | tr -cd 'A-Za-z0-9._:/@-') || :
  printf 'ironloom: boot %s after %s mode %s image %.300s\n' "$boot" "$seen_boot" "$mode" "${booted:-unknown}"
  if [ "$seen_boot" = "$boot" ] && ! grep -qs '^MODE=reboot$' "$root/run/systemd/shutdown/scheduled"; then
    run 60 shutdown -r +1
  fi
  exit 0
fi

# No boot makes a node of an earlier attempt from here on, nor does its reboot interrupt this one.
undo() { rm -rf "$mark" "$seed" "$marker"; }
if [ "$seen_boot" = "$boot" ]; then run 60 shutdown -c || :; fi
rm -f "$mark" "$state/rebooted"
open_log

begin stage-seed
(
  umask 077
  rm -rf "$state/seed"
  mkdir "$state/seed"
  cd "$state/staged"
  cp user-data meta-data network-config "$state/seed/"
)

# On the disk before anything of a seed changes: without a mark it makes the next boot forget every seed.
begin write-cleanup-marker
mkdir -p "$root/oem"
rm -f "$state/cleared" "$state/cleared-mounts"
cat >"$marker.new" <<'IRONLOOM_MARKER'
name: "Ironloom: clear the previous node once"
stages:
  initramfs:
    - name: "Clear the previous node"
      if: '[ ! -e /run/elemental/recovery_mode ] && [ ! -e /run/cos/recovery_mode ] && [ ! -e /run/elemental/live_mode ] && [ ! -e /run/cos/live_mode ]'
      commands:
        - |
          root="${IRONLOOM_ROOT:-}"
          state="$root/var/lib/elemental/ironloom"
          attempt=reprovision-1-0b7c2f6e-9a53-4a51-9a3e-0d9e7f0a1b2c
          holds() { [ "$(head -n 1 "$state/$1" 2>/dev/null)" = "$attempt" ]; }
          forget_node() {
            for folder in "$root/var/lib/kubelet" "$root/var/lib/containerd" "$root/var/lib/etcd" "$root/etc/kubernetes"; do
              if [ -d "$folder" ]; then find "$folder" -xdev -mindepth 1 -delete; fi
            done
          }
          seed="$root/var/lib/cloud/seed/nocloud"
          in_fallback() { [ -e "$root/run/elemental/passive_mode" ] || [ -e "$root/run/cos/passive_mode" ]; }
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
          elif [ -z "$(ls -A "$root/var/lib/kubelet" 2>/dev/null)" ] && ! in_fallback; then
            restore_seed
          fi
          sync
  fs:
    - name: "Clear what is mounted"
      if: '[ ! -e /run/elemental/recovery_mode ] && [ ! -e /run/cos/recovery_mode ] && [ ! -e /run/elemental/live_mode ] && [ ! -e /run/cos/live_mode ]'
      commands:
        - |
          root="${IRONLOOM_ROOT:-}"
          state="$root/var/lib/elemental/ironloom"
          attempt=reprovision-1-0b7c2f6e-9a53-4a51-9a3e-0d9e7f0a1b2c
          holds() { [ "$(head -n 1 "$state/$1" 2>/dev/null)" = "$attempt" ]; }
          forget_node() {
            for folder in "$root/var/lib/kubelet" "$root/var/lib/containerd" "$root/var/lib/etcd"; do
              if [ -d "$folder" ]; then find "$folder" -xdev -mindepth 1 -delete; fi
            done
          }
          if holds attempt && ! holds cleared-mounts; then
            forget_node
            if holds cleared; then echo "$attempt" >"$state/cleared-mounts"; fi
            sync
          fi
          if holds cleared || ! holds attempt; then rm -f "$root/oem/99_ironloom-cleanup.yaml"; fi
IRONLOOM_MARKER
mv "$marker.new" "$marker"
run 180 sync

begin clean-cloud-init
run 120 cloud-init clean --logs --seed

begin install-seed
(
  umask 077
  rm -rf "$seed"
  mkdir -p "$seed"
  cp "$state"/seed/* "$seed/"
)

begin upgrade
run 2700 elemental upgrade --reboot=false --system "$image"

begin write-mark
run 180 sync
printf '%s\n%s\n' "$attempt" "$boot" >"$mark.new"
mv "$mark.new" "$mark"

begin schedule-reboot
run 60 shutdown -r +1
