import { expect, it } from 'vitest';
import { believedRuns } from '../../../k8s-bridge/machines/believed-runs.ts';
import { machineView } from '../bridge-fixtures.ts';

it('is the run that wrote the status of each machine that has one and is not let go', () => {
  const settled = machineView({ name: 'settled', hasFinalizer: true, statusWrittenBy: 'run-1/7' });
  const views = [
    settled,
    machineView({ name: 'new', hasFinalizer: false, statusWrittenBy: undefined }),
    machineView({ name: 'let-go', hasFinalizer: false, deleting: true, statusWrittenBy: 'run-2/9' }),
  ];
  const { namespace, name, uid } = settled;
  expect(believedRuns(views)).toEqual([{ namespace, name, uid, runId: 'run-1', paused: false }]);
});
