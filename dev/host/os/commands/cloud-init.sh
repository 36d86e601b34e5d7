#!/bin/sh
# `clean` forgets the instance, and with --seed the seed too: what was staged there before is gone.
. "${SIMULATOR_COMMANDS:?}/record.sh"
[ "${1:-}" = clean ] || exit 0
cloud=$IRONLOOM_ROOT/var/lib/cloud
rm -rf "$cloud/instance" "$cloud/instances" "$cloud/data" "$cloud/sem"
case " $* " in *' --seed '* | *' -s '*) rm -rf "$cloud/seed" ;; esac
