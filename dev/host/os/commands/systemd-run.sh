#!/bin/sh
# Only delayed reboots matter to the simulator.
. "${SIMULATOR_COMMANDS:?}/record.sh"
case " $* " in *reboot* | *"shutdown -r"*) exec shutdown -r +1 ;; esac
