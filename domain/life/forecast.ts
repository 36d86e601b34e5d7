import { appliedOf } from './advance-host.ts';
import { type BoundHost, hostOf, type MachineLife } from './machine-life.ts';

/* The life as it will be while a host is at a plan that is about to be written: for the status that goes with the plan. */

const notWrittenYet = { checksum: '', deadlineMs: 0, bootstrapHash: null, progress: { kind: 'pending' } } as const;

export function whileReprovisioning(life: MachineLife, host: BoundHost, attempt: number): MachineLife {
  const plan = { type: 'reprovision', attempt, ...notWrittenYet } as const;
  const stage = { kind: 'reprovisioning', host: { ...host, recorded: 'Reprovisioning' }, plan } as const;
  return { ...life, stage, obstacles: [] };
}

/** A life without a host stays as it is. */
export function whileCleaning(life: MachineLife, attempt: number): MachineLife {
  const held = hostOf(life.stage);
  if (held === undefined) return life;
  const host = { ...held, recorded: 'Preparing' } as const;
  const plan = { type: 'clean', attempt, ...notWrittenYet } as const;
  const stage = { kind: 'cleaning', attempt, applied: appliedOf(life), host, plan } as const;
  return { ...life, snapshot: { ...life.snapshot, hostMissing: false }, stage };
}
