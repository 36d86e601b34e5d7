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
open_log() { mkdir -p "$state" && true >"$state/reboot.log" && log="$state/reboot.log"; }
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

attempt='reboot-1-0b7c2f6e-9a53-4a51-9a3e-0d9e7f0a1b2c'
mark="$state/rebooted"
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

mkdir -p "$state"

# A host that cannot keep the mark must not reboot: it would do so for ever.
begin write-mark
printf '%s\n%s\n' "$attempt" "$boot" >"$mark.new"
mv "$mark.new" "$mark"

begin schedule-reboot
run 60 shutdown -r +1
