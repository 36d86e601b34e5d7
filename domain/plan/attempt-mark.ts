import { bootReport } from './boot-report.ts';

/** Seconds that a call of `shutdown` may take. */
export const shutdownSeconds = 60;

/** Shell: a reboot in a minute, after the agent has told the result. */
export const scheduleReboot = `run ${shutdownSeconds} shutdown -r +1`;

/**
 * Shell: ends the script of a plan whose reboot is its last step, if `$mark` holds its `$attempt` already. Leaves the id of
 * this boot in `$boot`, and that of the attempt that the mark holds in `$seen_boot`.
 */
export const skipIfMarked = `boot=$(cat "$root/proc/sys/kernel/random/boot_id")

# Done already: says how the host has booted since, which proves that it did, and schedules a reboot that a crash may have
# lost. One that waits is left alone: an agent that starts again and again would move it away for ever.
seen=''
seen_boot=''
if [ -f "$mark" ]; then { read -r seen && read -r seen_boot; } <"$mark" || :; fi
if [ "$seen" = "$attempt" ]; then
  begin schedule-reboot
${bootReport}
  if [ "$seen_boot" = "$boot" ] && ! grep -qs '^MODE=reboot$' "$root/run/systemd/shutdown/scheduled"; then
    ${scheduleReboot}
  fi
  exit 0
fi
`;

/** Shell: puts the attempt and the boot in which it ran into `$mark`, whole or not at all. */
export const writeMark = `printf '%s\\n%s\\n' "$attempt" "$boot" >"$mark.new"
mv "$mark.new" "$mark"
`;
