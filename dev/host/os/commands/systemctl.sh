#!/bin/sh
# Units of a kubeadm image. A stopped unit is a file in services/stopped, which the simulator watches.
. "${SIMULATOR_COMMANDS:?}/record.sh"
verb=
units=
for argument in "$@"; do
  case $argument in
    -*) ;;
    *) if [ -z "$verb" ]; then verb=$argument; else units="$units $argument"; fi ;;
  esac
done
stopped=$simulator/services/stopped
status=0
case $verb in reboot) exec shutdown -r now ;; poweroff) exec shutdown -P now ;; esac
for unit in $units; do
  unit=${unit%.service}
  case $unit in
    kubelet | containerd | elemental-system-agent | cloud-init) ;;
    *)
      case $verb in
        stop | restart | start | disable | enable | mask)
          echo "Failed to $verb $unit.service: Unit $unit.service not loaded." >&2
          status=5
          ;;
        is-active | status) echo inactive; status=4 ;;
        list-unit-files | cat | is-enabled) status=1 ;;
      esac
      continue
      ;;
  esac
  case $verb in
    stop) : >"$stopped/$unit" ;;
    start | restart) rm -f "$stopped/$unit" ;;
    is-active) if [ -e "$stopped/$unit" ]; then echo inactive; status=3; else echo active; fi ;;
  esac
done
exit $status
