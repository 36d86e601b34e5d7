#!/bin/sh
# Keeps what is scheduled in power/scheduled, which the simulator watches. A file that is replaced is a new schedule.
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
if [ "$mode" = cancel ]; then
  rm -f "$simulator/power/scheduled"
else
  echo "$mode $when $$" >"$simulator/power/.new.$$"
  mv "$simulator/power/.new.$$" "$simulator/power/scheduled"
fi
