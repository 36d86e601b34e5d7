import { parseAttemptId } from './attempt.ts';
import { cleanupMarker } from './cleanup-marker.ts';
import { type PlanFile, type RenderedPlan, renderPlan } from './document.ts';
import { scheduleReboot, shutdownSeconds, skipIfMarked, writeMark } from './attempt-mark.ts';
import { beginScript, hostStateFolder, rebootMark, shellQuote } from './script.ts';

export interface ReprovisionPlan {
  /** `attemptId` of a reprovision attempt; also the new instance's id for cloud-init. */
  attemptId: string;
  /** Normalised cloud-config. */
  userData: string;
  hostname: string;
  /** What cloud-init knows of the host besides, for templates in the user-data. */
  metaData?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  /** cloud-init network-config version 2; without it the host keeps no recorded network. */
  networkConfig?: string;
  /** OS image for `elemental upgrade`. */
  image: string;
}

/** Seconds; together below the plan's usual deadline. */
const timeouts = { cloudInit: 120, upgrade: 2700, sync: 180 };
const stagedFolder = `${hostStateFolder}/staged`;

/**
 * The plan that turns a host into a node (system.md section 5). The agent writes `files[]` again at each start: they
 * only lie in a folder of ours until the script, which an attempt mark guards, makes a seed of them.
 * @throws RangeError for parts that no host or Secret can take
 */
export function renderReprovisionPlan(plan: ReprovisionPlan): RenderedPlan {
  if (parseAttemptId(plan.attemptId)?.planType !== 'reprovision') {
    throw new RangeError('plan: not the id of a reprovision attempt');
  }
  const seed = seedFiles(plan);
  return renderPlan({
    attemptId: plan.attemptId,
    planType: 'reprovision',
    script: renderScript(plan, Object.keys(seed)),
    files: Object.entries(seed).map(([name, content]): PlanFile => ({ path: `${stagedFolder}/${name}`, content })),
  });
}

function seedFiles({
  attemptId,
  userData,
  hostname,
  metaData,
  networkConfig,
}: ReprovisionPlan): Record<string, string> {
  const facts = Object.entries({ 'instance-id': attemptId, 'local-hostname': hostname, ...metaData });
  const lines = facts.map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`);
  return {
    'user-data': userData,
    'meta-data': lines.join(''),
    ...(networkConfig !== undefined && { 'network-config': networkConfig }),
  };
}

function renderScript({ attemptId, image }: ReprovisionPlan, seedNames: readonly string[]): string {
  return `${beginScript('reprovision')}
attempt=${shellQuote(attemptId)}
image=${shellQuote(image)}
mark="$state/attempt"
${skipIfMarked}
# No boot makes a node of an earlier attempt from here on, nor does its reboot interrupt this one.
undo() { rm -rf "$mark" "$seed" "$marker"; }
if [ "$seen_boot" = "$boot" ]; then run ${shutdownSeconds} shutdown -c || :; fi
rm -f "$mark" "$state/${rebootMark}"
open_log

begin stage-seed
(
  umask 077
  rm -rf "$state/seed"
  mkdir "$state/seed"
  cd "$state/staged"
  cp ${seedNames.join(' ')} "$state/seed/"
)

# On the disk before anything of a seed changes: without a mark it makes the next boot forget every seed.
begin write-cleanup-marker
mkdir -p "$root/oem"
rm -f "$state/cleared" "$state/cleared-mounts"
cat >"$marker.new" <<'IRONLOOM_MARKER'
${cleanupMarker(attemptId)}IRONLOOM_MARKER
mv "$marker.new" "$marker"
run ${timeouts.sync} sync

begin clean-cloud-init
run ${timeouts.cloudInit} cloud-init clean --logs --seed

begin install-seed
(
  umask 077
  rm -rf "$seed"
  mkdir -p "$seed"
  cp "$state"/seed/* "$seed/"
)

begin upgrade
run ${timeouts.upgrade} elemental upgrade --reboot=false --system "$image"

begin write-mark
run ${timeouts.sync} sync
${writeMark}
begin schedule-reboot
${scheduleReboot}
`;
}
