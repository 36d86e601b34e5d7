import type { AcceptanceCheck } from '../../api/acceptance.ts';
import { parseAttemptId } from './attempt.ts';
import { checkFunctions, lookSeconds } from './check-functions.ts';
import { type PlanFile, type RenderedPlan, renderPlan } from './document.ts';
import { beginScript, hostStateFolder, shellQuote } from './script.ts';

export interface ValidatePlan {
  /** `attemptId` of a validate attempt. */
  attemptId: string;
  checks: readonly AcceptanceCheck[];
}

/** As many looks are taken by no check of a usual host. */
const LOOKS_A_CHECK = 6;

/**
 * The plan that looks whether a host is as its pool asks (system.md section 9). It reads only; what it leaves is the
 * record of its results, by which an agent that starts again says the same again. It fails when a check does, and says
 * of each what it found, see `readCheckResults`.
 * @throws RangeError for parts that no host or Secret can take
 */
export function renderValidatePlan({ attemptId, checks }: ValidatePlan): RenderedPlan {
  if (parseAttemptId(attemptId)?.planType !== 'validate')
    throw new RangeError('plan: not the id of a validate attempt');
  return renderPlan({
    attemptId,
    planType: 'validate',
    script: renderScript(attemptId, checks),
    files: checks.flatMap(({ name, script }): PlanFile[] =>
      script === undefined ? [] : [{ path: `${hostStateFolder}/checks/${name}.sh`, content: script.content }],
    ),
  });
}

/** Seconds that the checks may take together before they say that it was too long. */
export function secondsOf(checks: readonly AcceptanceCheck[]): number {
  return checks.reduce((sum, check) => sum + limitOf(check), 0);
}

function limitOf({ disk, script }: AcceptanceCheck): number {
  if (script !== undefined) return script.timeoutSeconds + 30;
  const looks = lookSeconds.look * LOOKS_A_CHECK;
  // Disks that fit are measured first to last; that there are many more is unlikely.
  return disk?.minReadMBps === undefined ? looks : looks + lookSeconds.readDisk * (disk.minCount + LOOKS_A_CHECK);
}

/** The call of a shell function that does the check. */
function callOf({ name, disk, memory, cpu, nic, agent, os, image, script }: AcceptanceCheck): string {
  const call = (kind: string, ...asked: (string | number)[]): string =>
    [`check_${kind}`, name, ...asked].map((word, index) => (index === 0 ? word : shellQuote(String(word)))).join(' ');
  if (disk !== undefined) {
    const { minCount, minSizeGB = 0, rotational, minReadMBps = 0 } = disk;
    return call('disk', minCount, minSizeGB, rotational === undefined ? '' : Number(rotational), minReadMBps);
  }
  if (memory !== undefined) return call('memory', memory.minGiB);
  if (cpu !== undefined) return call('cpu', cpu.minThreads);
  if (nic !== undefined) return call('nic', nic.minLinks, nic.minSpeedMbps ?? 0);
  if (agent !== undefined) return call('agent', agent.minVersion);
  if (os !== undefined) return call('os', os.id ?? '', os.minVersion ?? '');
  if (image !== undefined) return call('image', image.minVersion);
  if (script !== undefined) return call('script', script.timeoutSeconds);
  return `report ${shellQuote(name)} fail '' 'this version of Ironloom does not know what it asks for'`;
}

function renderScript(attemptId: string, checks: readonly AcceptanceCheck[]): string {
  return `${beginScript('validate')}
attempt=${shellQuote(attemptId)}
record="$state/validated"
lines="$state/validated.lines"

# Looked already: says the same again.
seen=''
failed=''
if [ -f "$record" ]; then { read -r seen && read -r failed; } <"$record" || :; fi
if [ "$seen" = "$attempt" ] && [ -n "$failed" ]; then
  begin check
  tail -n +3 "$record"
  exit "$failed"
fi
open_log
rm -f "$record"
mkdir -p "$state/checks"
true >"$lines"

${checkFunctions}

begin check
${checks.map((check) => `${callOf(check)}\n`).join('')}
{ printf '%s\\n%s\\n' "$attempt" "$failed" && cat "$lines"; } >"$record.new"
mv "$record.new" "$record"
rm -f "$state/checks/code" "$state/checks/said"
cat "$lines"
exit "$failed"
`;
}
