exec 2>&1
set -eu
root="${IRONLOOM_ROOT:-}"
state="$root/var/lib/elemental/ironloom"
marker="$root/oem/99_ironloom-cleanup.yaml"
seed="$root/var/lib/cloud/seed/nocloud"
log=/dev/null
step=prepare
undo() { :; }
run() {
  limit=$1
  shift
  timeout -k 30 "$limit" "$@" >>"$log" 2>&1 </dev/null
}
open_log() {
  mkdir -p "$state"
  : >"$state/clean.log"
  log="$state/clean.log"
}
finish() {
  code=$?
  trap - EXIT
  set +e
  if [ "$code" -ne 0 ]; then undo; fi
  if [ -s "$log" ]; then tail -c 32768 "$log" | tail -n 40 | cut -c 1-400; fi
  if [ "$code" -ne 0 ]; then printf 'ironloom: step %s failed with exit code %s\n' "$step" "$code"; fi
  exit "$code"
}
trap finish EXIT

open_log
# Exit code 5: the host has no such unit, so there is nothing to stop.
stop_unit() {
  code=0
  run 120 systemctl stop "$1" || code=$?
  if [ "$code" -ne 0 ] && [ "$code" -ne 5 ]; then exit "$code"; fi
}

step=cancel-reboot
run 60 shutdown -c
# The marker still stands: no boot has read the seed yet, and none may make a node of it any more.
if [ -e "$marker" ]; then rm -rf "$seed" "$state/seed"; fi
rm -f "$marker"

step=stop-kubelet
stop_unit kubelet
# A bootstrap that is still under way would start it again; the next boot forgets this.
run 30 systemctl mask --runtime kubelet || :

step=remove-pods
if run 30 systemctl is-active containerd && command -v crictl >/dev/null; then
  run 300 crictl --runtime-endpoint unix:///var/run/containerd/containerd.sock rmp --all --force
fi

step=stop-containerd
stop_unit containerd
