#!/bin/sh
# Pods are lines of run/pods; without containerd there is no answer.
. "${SIMULATOR_COMMANDS:?}/record.sh"
if [ -e "$simulator/services/stopped/containerd" ]; then
  echo 'connect: connection refused: unix:///var/run/containerd/containerd.sock' >&2
  exit 1
fi
pods=$simulator/pods
[ -f "$pods" ] || : >"$pods"
while [ $# -gt 0 ]; do
  case $1 in
    -r | --runtime-endpoint | -i | --image-endpoint | -t | --timeout | -c | --config) shift 2 ;;
    -*) shift ;;
    *) break ;;
  esac
done
verb=${1:-}
[ $# -eq 0 ] || shift
case $verb in
  pods | ps) cat "$pods" ;;
  rmp | stopp)
    for argument in "$@"; do
      case $argument in
        -*a* | --all) [ "$verb" = stopp ] || : >"$pods" ;;
        -*) ;;
        *)
          grep -qxF -- "$argument" "$pods" || { echo "pod sandbox $argument not found" >&2; exit 1; }
          [ "$verb" = stopp ] || { grep -vxF -- "$argument" "$pods" >"$pods.new"; cat "$pods.new" >"$pods"; }
          ;;
      esac
    done
    ;;
esac
