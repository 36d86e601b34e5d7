#!/bin/sh
# Stands in for a command of the host: appends its arguments to the host's log and obeys the fault injected for it.
# Fields of a record are separated by US (0x1f), records by RS (0x1e), because arguments may hold any other byte.
# Other files of this folder source this one first (SIMULATOR_QUIET=1: no record).
simulator=${IRONLOOM_ROOT:?not inside of a simulated host}/.simulator
name=${0##*/}
given=$name
record=$name
separator=$(printf '\037')
for argument in "$@"; do
  given="$given $argument"
  record="$record$separator$argument"
done
[ -n "${SIMULATOR_QUIET:-}" ] || printf '%s\036' "$record" >>"$simulator/commands.log"

for fault in "$simulator/faults/$name".*; do
  [ -f "$fault" ] || continue
  # Sets fault_match, fault_exit_code, fault_delay_seconds, fault_times and fault_output (a file).
  . "$fault"
  case "$given " in "$fault_match "*) ;; *) continue ;; esac
  counter=$simulator/used/${fault##*/}
  used=0
  [ ! -f "$counter" ] || read -r used <"$counter"
  [ "$used" -lt "$fault_times" ] || continue
  echo $((used + 1)) >"$counter"
  # Nobody's stdout is held by the delay, so that killing this command ends it.
  [ "$fault_delay_seconds" = 0 ] || sleep "$fault_delay_seconds" </dev/null >/dev/null 2>&1
  [ ! -f "$fault_output" ] || cat "$fault_output"
  [ "$fault_exit_code" = 0 ] || exit "$fault_exit_code"
done
