#!/bin/sh
# A pod is a file in pods that names the process of its shim, which a stopped containerd leaves alone; without
# containerd there is no answer.
. "${SIMULATOR_COMMANDS:?}/record.sh"
if [ -e "$simulator/services/stopped/containerd" ]; then
  echo 'connect: connection refused: unix:///var/run/containerd/containerd.sock' >&2
  exit 1
fi
pods=$simulator/pods
mkdir -p "$pods"
while [ $# -gt 0 ]; do
  case $1 in
    -r | --runtime-endpoint | -i | --image-endpoint | -t | --timeout | -c | --config) shift 2 ;;
    -*) shift ;;
    *) break ;;
  esac
done
verb=${1:-}
[ $# -eq 0 ] || shift
end_pod() {
  [ -e "$pods/$1" ] || { echo "pod sandbox $1 not found" >&2; exit 1; }
  [ "$verb" = rmp ] || return 0
  read -r pid <"$pods/$1"
  rm -rf "$IRONLOOM_ROOT/proc/$pid" "$pods/$1"
}
case $verb in
  pods | ps) ls "$pods" ;;
  rmp | stopp)
    for argument in "$@"; do
      case $argument in
        -*a* | --all) for pod in $(ls "$pods"); do end_pod "$pod"; done ;;
        -*) ;;
        *) end_pod "$argument" ;;
      esac
    done
    ;;
esac
