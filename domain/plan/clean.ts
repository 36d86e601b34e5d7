import { parseAttemptId } from './attempt.ts';
import { type RenderedPlan, renderPlan } from './document.ts';
import { beginScript } from './script.ts';

/** Seconds; together below the plan's usual deadline. */
const timeouts = { shutdown: 30, stop: 100, query: 20, start: 60, pods: 300, pod: 60 };
const criEndpoint = 'unix:///var/run/containerd/containerd.sock';

/**
 * The plan that ends a node (system.md section 5): it stops what runs and nothing more, so it may run at any time and
 * any number of times. It needs no attempt mark.
 */
export function renderCleanPlan({ attemptId }: { attemptId: string }): RenderedPlan {
  if (parseAttemptId(attemptId)?.planType !== 'clean') throw new RangeError('plan: not the id of a clean attempt');
  return renderPlan({ attemptId, planType: 'clean', script, files: [] });
}

const script = `${beginScript('clean')}
# Exit code 5: the host has no such unit, so there is nothing to stop.
stop_unit() {
  code=0
  run ${timeouts.stop} systemctl stop "$1" || code=$?
  if [ "$code" -ne 0 ] && [ "$code" -ne 5 ]; then exit "$code"; fi
}
# The processes of pods outlive a containerd that was stopped or starts again. The kernel cuts their names there.
has_pods() { grep -qs '^containerd-shim' "$root"/proc/[0-9]*/comm; }

# A disk that takes no log must not keep a node alive.
open_log 2>/dev/null || :

begin cancel-reboot
run ${timeouts.shutdown} shutdown -c
# The marker still stands: no boot has read the seed yet, and none may make a node of it any more.
if [ -e "$marker" ]; then rm -rf "$seed" "$state/seed"; fi
rm -f "$marker"

begin stop-kubelet
# Before it is stopped: a bootstrap that is still under way would start it again. The next boot forgets this.
run ${timeouts.query} systemctl mask --runtime kubelet || :
stop_unit kubelet

begin remove-pods
if has_pods || { run ${timeouts.query} systemctl is-active containerd && command -v crictl >/dev/null; }; then
  run ${timeouts.start} systemctl start containerd
  run ${timeouts.pods} crictl --runtime-endpoint ${criEndpoint} --timeout ${timeouts.pod}s rmp --all --force
fi

begin stop-containerd
stop_unit containerd
`;
