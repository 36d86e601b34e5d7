#!/bin/sh
# Keeps what is scheduled in power/scheduled, which the simulator watches. A file that is replaced is a new schedule. What
# systemd says of it lies below /run.
. "${SIMULATOR_COMMANDS:?}/record.sh"
mode=poweroff
when=+1
for argument in "$@"; do
  case $argument in
    -c) mode=cancel ;;
    -r | --reboot) mode=reboot ;;
    -h | -P | --poweroff | --halt) mode=poweroff ;;
    now | +* | *:*) when=$argument ;;
  esac
done
told=$IRONLOOM_ROOT/run/systemd/shutdown
if [ "$mode" = cancel ]; then
  rm -f "$told/scheduled" "$simulator/power/scheduled"
else
  echo "$mode $when $$" >"$simulator/power/.new.$$"
  mv "$simulator/power/.new.$$" "$simulator/power/scheduled"
  mkdir -p "$told"
  printf 'USEC=%s000000\nWARN_WALL=1\nMODE=%s\n' "$(date +%s)" "$mode" >"$told/scheduled"
fi
