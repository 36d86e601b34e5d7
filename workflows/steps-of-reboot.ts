import { assertNever } from '../domain/assert-never.ts';
import { withoutHalt } from '../domain/life/halt.ts';
import { onRebootSettled, onRebootTried, whileRebooting } from '../domain/life/reboot.ts';
import type { Step } from '../domain/life/step.ts';
import type { MachineLife } from '../domain/life/machine-life.ts';
import { shortStep } from './activity-proxies.ts';
import { carry } from './journal.ts';
import { settle, settlePlanStep } from './settle-step.ts';
import { hostIn, planIn, type Run, take } from './run.ts';

const notWrittenYet = {
  type: 'reboot',
  checksum: '',
  deadlineMs: 0,
  bootstrapHash: null,
  progress: { kind: 'pending' },
} as const;

/** A step of a reboot of a running machine's host. */
export async function performStepOfReboot(
  run: Run,
  life: MachineLife,
  step: Extract<Step, { kind: 'reboot' | 'settleReboot' }>,
): Promise<void> {
  const { machine } = run;
  const host = hostIn(life);
  switch (step.kind) {
    case 'reboot': {
      const { attempt } = step;
      const before = run.published;
      const status = take(run, whileRebooting(withoutHalt(life), { ...notWrittenYet, attempt }));
      const summary = `Write the reboot plan for ${host.inventory}`;
      const { writeRebootPlan } = shortStep(summary);
      const written = carry(run, life, step, writeRebootPlan, { machine, host, attempt, status });
      return settlePlanStep(run, life, step, written, before, (now, outcome) => onRebootTried(now, attempt, outcome));
    }
    case 'settleReboot': {
      const { settleReboot } = shortStep(`${host.inventory} reboots`);
      const settled = carry(run, life, step, settleReboot, { machine, host, plan: planIn(life) });
      return settle(run, life, step, settled, onRebootSettled);
    }
    default:
      return assertNever(step);
  }
}
