#!/bin/sh
# The real timeout, in the caller's process group: the end of the agent must reach what runs below it.
. "${SIMULATOR_COMMANDS:?}/record.sh"
real=$(PATH=/usr/bin:/bin command -v timeout)
exec "$real" --foreground "$@"
