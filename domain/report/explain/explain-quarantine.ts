import { assertNever } from '../../assert-never.ts';
import type { RecordedPlan } from '../../hosts/recorded-plan.ts';
import type { HostView } from '../../inputs/host-view.ts';
import { byHand, type Explanation, type Way } from './way.ts';

/** A host that nobody uses and that an operator, or a release by force, keeps out: what it still needs to be free. */
export function explainQuarantine({ name }: HostView, plan: RecordedPlan | undefined): Explanation<'Quarantined'> {
  const common = { state: 'Quarantined', stuck: true, expected: 'An operator frees it' } as const;
  const unquarantine = (leads: string): Way => ({ kind: 'hostVerb', verb: 'unquarantine', leads });
  const anew = byHand(
    `kubectl delete machineinventory ${name}`,
    'wipe or reinstall the host, and let it register anew',
  );
  const clean = plan?.attempt?.planType === 'clean';
  if (plan === undefined || plan.attempt?.planType === 'validate') {
    return {
      ...common,
      observed: 'It is quarantined, and nothing of ours is left on it',
      next: 'It stays out until then',
      ways: [unquarantine('it is free at once')],
    };
  }
  if (!clean || plan.result === 'taken' || plan.result === 'secretMissing') {
    const why =
      plan.result === 'secretMissing' ? 'its plan Secret is gone' : 'no clean plan of ours stands in its plan Secret';
    return {
      ...common,
      observed: `It is quarantined, and ${why}`,
      next: 'No plan of ours makes it clean any more',
      ways: [anew],
    };
  }
  switch (plan.result) {
    case 'applied':
      return {
        ...common,
        observed: 'It is quarantined, and has applied its clean plan',
        next: 'It stays out until then',
        ways: [unquarantine('it is free at once')],
      };
    case 'failed':
      return {
        ...common,
        observed: 'It is quarantined, and its clean plan failed',
        next: 'Its agent tries again by itself',
        ways: [
          byHand(`ironloom output ${name}`, 'see what failed, and repair the host'),
          unquarantine('it is free once it is clean'),
          anew,
        ],
      };
    case 'running':
    case 'unknown':
      return {
        ...common,
        observed: 'It is quarantined, and has not said yet that it is clean',
        next: 'Its agent runs the clean plan as soon as it is there',
        ways: [unquarantine('it is free once it is clean'), anew],
      };
    default:
      return assertNever(plan.result);
  }
}
