#!/bin/sh
# Installs the packages of the lock file, and only when it changed since the last time. Silent when there is nothing to do.
set -eu
cd "$(dirname "$0")/.."
stamp=node_modules/.installed-lock
if [ -f "$stamp" ] && cmp -s package-lock.json "$stamp"; then exit 0; fi
echo "Installing packages (npm ci) …"
npm ci
cp package-lock.json "$stamp"
