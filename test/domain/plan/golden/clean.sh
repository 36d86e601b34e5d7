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
open_log() { mkdir -p "$state" && true >"$state/clean.log" && log="$state/clean.log"; }
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

# Exit code 5: the host has no such unit, so there is nothing to stop.
stop_unit() {
  code=0
  run 100 systemctl stop "$1" || code=$?
  if [ "$code" -ne 0 ] && [ "$code" -ne 5 ]; then exit "$code"; fi
}
# The processes of pods outlive a containerd that was stopped or starts again. The kernel cuts their names there.
has_pods() { grep -qs '^containerd-shim' "$root"/proc/[0-9]*/comm; }

# A disk that takes no log must not keep a node alive.
open_log 2>/dev/null || :

begin cancel-reboot
run 30 shutdown -c
# The marker still stands: no boot has read the seed yet, and none may make a node of it any more.
if [ -e "$marker" ]; then rm -rf "$seed" "$state/seed"; fi
rm -f "$marker"

begin stop-kubelet
# Before it is stopped: a bootstrap that is still under way would start it again. The next boot forgets this.
run 20 systemctl mask --runtime kubelet || :
stop_unit kubelet

begin remove-pods
if has_pods || { run 20 systemctl is-active containerd && command -v crictl >/dev/null; }; then
  run 60 systemctl start containerd
  run 300 crictl --runtime-endpoint unix:///var/run/containerd/containerd.sock --timeout 60s rmp --all --force
fi

begin stop-containerd
stop_unit containerd
