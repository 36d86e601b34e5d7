import type { PlanType } from '../../api/constants.ts';

/** Folder on the host for everything of ours; stock images keep it over a reboot. */
export const hostStateFolder = '/var/lib/elemental/ironloom';

/** In that folder: which reboot plan was carried out last, and in which boot. A reprovision plan forgets it. */
export const rebootMark = 'rebooted';

/** The boot stage that clears a node's state once, see `cleanupMarker`. */
export const cleanupMarkerPath = '/oem/99_ironloom-cleanup.yaml';

/** Where cloud-init finds a NoCloud seed. */
export const seedFolder = '/var/lib/cloud/seed/nocloud';

/**
 * One word for a POSIX shell.
 * @throws RangeError for a NUL, which no argument can hold
 */
export function shellQuote(word: string): string {
  if (word.includes('\0')) throw new RangeError('a word for a shell cannot hold NUL');
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * How a plan's script begins. Each step begins by `begin <step>`; whatever ends the script early is named in its last line,
 * which `explainFailure` reads. Commands run by `run <seconds> <command>`: their output goes to a log on the host, and its
 * tail is printed at the end, because the agent hangs on long lines and keeps everything in a Secret. Of a failure it is
 * what the step that failed has added: what earlier ones survived is no cause.
 * IRONLOOM_ROOT is unset on a host; a simulated host is a folder and names it there.
 */
export function beginScript(planType: PlanType): string {
  return `exec 2>&1
set -eu
root="\${IRONLOOM_ROOT:-}"
state="$root${hostStateFolder}"
marker="$root${cleanupMarkerPath}"
seed="$root${seedFolder}"
log=/dev/null
step=prepare
logged=0
undo() { :; }
begin() {
  step=$1
  logged=$(wc -c <"$log") || logged=0
}
run() {
  limit=$1
  shift
  timeout -k 30 "$limit" "$@" >>"$log" 2>&1 </dev/null
}
open_log() { mkdir -p "$state" && true >"$state/${planType}.log" && log="$state/${planType}.log"; }
finish() {
  code=$?
  trap - EXIT
  set +e
  if [ "$code" -ne 0 ]; then undo; else logged=0; fi
  if [ -s "$log" ]; then tail -c "+$((logged + 1))" "$log" | tail -c 32768 | tail -n 40 | cut -c 1-400; fi
  if [ "$code" -ne 0 ]; then printf 'ironloom: step %s failed with exit code %s\\n' "$step" "$code"; fi
  exit "$code"
}
trap finish EXIT
`;
}
