#!/bin/sh
# The agent that runs as a program of its own here, asked for its version.
. "${SIMULATOR_COMMANDS:?}/record.sh"
cat "$simulator/agent-version"
