import { inventoryOfProviderId } from '../../api/constants.ts';
import { parseAttemptId, type PlanAttempt } from '../../domain/plan/attempt.ts';
import type { PlanSecretView } from '../../domain/plan/secret.ts';
import type { Machine } from './history.ts';

type PlanState = Pick<PlanSecretView, 'name' | 'planAttempt' | 'planChecksum'>;

/** Rules about one state of a host's plan Secret, given the machines of that moment; answers what it breaks, in words. */
export type PlanRules = (secret: PlanState, machines: Iterable<Machine>) => string[];

/** `givesUp` tells by its name whether an operator asked a machine to give its host up. */
export function createPlanRules(givesUp: (machine: string) => boolean): PlanRules {
  const standing = new Map<string, string>();
  const written = new Map<string, Set<string>>();
  return ({ name, planAttempt, planChecksum }, machines) => {
    // What the host writes beside the plan is none, nor is a Secret that was lost and put back.
    if (planChecksum === standing.get(name)) return [];
    standing.set(name, planChecksum);
    const attempt = planAttempt === undefined ? undefined : parseAttemptId(planAttempt);
    if (planAttempt === undefined || attempt === undefined) return [];
    const known = written.get(name) ?? new Set();
    const again = known.has(planAttempt);
    written.set(name, known.add(planAttempt));
    return [
      ...(again ? [`${planAttempt} was written to ${name} before: the host would not run it`] : []),
      ...[...machines].flatMap((machine) => judgeAgainst(machine, name, attempt, givesUp)),
    ];
  };
}

function judgeAgainst(
  { metadata, spec }: Machine,
  host: string,
  { uid, planType }: PlanAttempt,
  givesUp: (machine: string) => boolean,
): string[] {
  const named = inventoryOfProviderId(spec.providerID ?? '') === host;
  if (metadata.uid !== uid) {
    return named ? [`${uid} wrote a ${planType} plan to ${host}, on which the node of ${metadata.name} runs`] : [];
  }
  if (planType === 'reprovision') return named ? [`${metadata.name} was reprovisioned on ${host} twice`] : [];
  if (planType === 'reboot') {
    return named ? [] : [`a reboot plan was written to ${host} for ${metadata.name}, whose node does not run there`];
  }
  const mayGo = metadata.deletionTimestamp !== undefined || (givesUp(metadata.name) && spec.providerID === undefined);
  return mayGo
    ? []
    : [`a clean plan was written to ${host} of ${metadata.name}, which exists and is not being deleted`];
}
