import { parseAttemptId } from './attempt.ts';
import { scheduleReboot, skipIfMarked, writeMark } from './attempt-mark.ts';
import { type RenderedPlan, renderPlan } from './document.ts';
import { beginScript, rebootMark, shellQuote } from './script.ts';

/**
 * The plan that starts a host once more as it is (system.md section 5): node, image and disks stay. Its mark is written
 * before the reboot, so that the agent, which runs the plan again at each of its starts, reboots the host once; from then
 * on the plan says how the host has booted.
 * @throws RangeError for an id that is none of a reboot attempt
 */
export function renderRebootPlan({ attemptId }: { attemptId: string }): RenderedPlan {
  if (parseAttemptId(attemptId)?.planType !== 'reboot') throw new RangeError('plan: not the id of a reboot attempt');
  return renderPlan({ attemptId, planType: 'reboot', script: renderScript(attemptId), files: [] });
}

function renderScript(attemptId: string): string {
  return `${beginScript('reboot')}
attempt=${shellQuote(attemptId)}
mark="$state/${rebootMark}"
${skipIfMarked}
mkdir -p "$state"

# A host that cannot keep the mark must not reboot: it would do so for ever.
begin write-mark
${writeMark}
begin schedule-reboot
${scheduleReboot}
`;
}
