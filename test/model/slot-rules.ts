import type { HostView } from '../../domain/inputs/host-view.ts';
import { parseAttemptId } from '../../domain/plan/attempt.ts';
import { type PlanSecretView, readPlanResult } from '../../domain/plan/secret.ts';

/** Rules about how many hosts are at a reprovision plan at a time; each answers what its state breaks, in words. */
export interface SlotRules {
  seeHost(host: Pick<HostView, 'name' | 'owner'>): string[];
  seePlan(secret: PlanSecretView): string[];
}

/**
 * `limit`: of the installation; undefined: it has none. A host that was let go, or whose records somebody damaged, was given
 * up. What a host has answered once it has answered, whatever it forgets.
 */
export function createSlotRules(limit: number | undefined, isInTrouble: (host: string) => boolean): SlotRules {
  const ownerOf = new Map<string, string | undefined>();
  const planOf = new Map<string, { id: string; uid: string }>();
  const answered = new Set<string>();

  const judge = (): string[] => {
    const atWork = [...planOf].filter(
      ([host, { id, uid }]) => !answered.has(id) && ownerOf.get(host) === uid && !isInTrouble(host),
    );
    if (atWork.length <= (limit ?? Infinity)) return [];
    return [`${atWork.map(([host]) => host).join(', ')} are at a reprovision plan at a time, of at most ${limit}`];
  };

  return {
    seeHost({ name, owner }) {
      ownerOf.set(name, owner?.uid);
      return judge();
    },
    seePlan(secret) {
      const id = secret.planAttempt ?? '';
      const attempt = parseAttemptId(id);
      if (attempt?.planType !== 'reprovision') {
        planOf.delete(secret.name);
        return [];
      }
      planOf.set(secret.name, { id, uid: attempt.uid });
      const { kind } = readPlanResult(secret, { checksum: secret.planChecksum, attemptId: id });
      if (kind !== 'running') answered.add(id);
      return judge();
    },
  };
}
