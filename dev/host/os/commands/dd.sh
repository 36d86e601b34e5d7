#!/bin/sh
# Reads a disk, whose file says how many MB it gives in a second; the clock of the host moves on by what that takes.
. "${SIMULATOR_COMMANDS:?}/record.sh"
source=
count=0
for argument in "$@"; do
  case $argument in
    if=*) source=${argument#if=} ;;
    count=*) count=${argument#count=} ;;
  esac
done
if ! IFS=' ' read -r rate <"$source" || [ "$rate" = 0 ]; then
  echo "dd: error reading '$source': Input/output error" >&2
  exit 1
fi
clock=$IRONLOOM_ROOT/proc/uptime
IFS=' ' read -r up _ <"$clock"
spent=$((count * 1048576 / 10000 / rate))
up=$((${up%.*}${up#*.} + spent))
printf '%s.%02d 0.00\n' $((up / 100)) $((up % 100)) >"$clock"
[ "$spent" -lt 6000 ] || exit 124
