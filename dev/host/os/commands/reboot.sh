#!/bin/sh
. "${SIMULATOR_COMMANDS:?}/record.sh"
exec shutdown -r now
