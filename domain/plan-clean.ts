import { parseAttemptId } from './plan-attempt.ts';
import { type RenderedPlan, renderPlan } from './plan-document.ts';
import { beginScript } from './plan-script.ts';

/** Seconds; together below the plan's usual deadline. */
const timeouts = { shutdown: 60, stop: 120, query: 30, pods: 300 };
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
open_log
# Exit code 5: the host has no such unit, so there is nothing to stop.
stop_unit() {
  code=0
  run ${timeouts.stop} systemctl stop "$1" || code=$?
  if [ "$code" -ne 0 ] && [ "$code" -ne 5 ]; then exit "$code"; fi
}

step=cancel-reboot
run ${timeouts.shutdown} shutdown -c
# The marker still stands: no boot has read the seed yet, and none may make a node of it any more.
if [ -e "$marker" ]; then rm -rf "$seed" "$state/seed"; fi
rm -f "$marker"

step=stop-kubelet
stop_unit kubelet
# A bootstrap that is still under way would start it again; the next boot forgets this.
run ${timeouts.query} systemctl mask --runtime kubelet || :

step=remove-pods
if run ${timeouts.query} systemctl is-active containerd && command -v crictl >/dev/null; then
  run ${timeouts.pods} crictl --runtime-endpoint ${criEndpoint} rmp --all --force
fi

step=stop-containerd
stop_unit containerd
`;
