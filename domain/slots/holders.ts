import { SLOT_ANNOTATION_PREFIX } from '../../api/slots.ts';
import { attemptId } from '../plan/attempt.ts';

/** A machine that may reprovision a host, or is at it. */
export interface SlotHolder {
  /** Of the machine. */
  uid: string;
  namespace: string;
  machine: string;
  /** Name of the machine's pool. */
  pool: string;
  /** Name of the inventory that it had when it was written down last. */
  host: string;
  /** The reprovision plan for which the slot is taken. null: granted only; whoever grants may take it back. */
  plan: { attempt: number; claim: string } | null;
}

/** Names, and an uid as Kubernetes makes them. */
const holderPattern =
  /^([a-z0-9.-]{1,63})\/([a-z0-9.-]{1,253}) ([a-z0-9.-]{1,253}) ([a-z0-9.-]{1,253}) (?:-|([1-9]\d{0,5})\.([A-Za-z0-9-]{1,63}))$/;

/** The slots that the annotations of the object say, by uid of the machine; what cannot be read holds nothing. */
export function readHolders(annotations: Readonly<Record<string, string>>): Map<string, SlotHolder> {
  const holders = new Map<string, SlotHolder>();
  for (const [key, text] of Object.entries(annotations)) {
    const uid = key.startsWith(SLOT_ANNOTATION_PREFIX) ? key.slice(SLOT_ANNOTATION_PREFIX.length) : '';
    const [, namespace, machine, pool, host, attempt, claim] = holderPattern.exec(text) ?? [];
    if (uid === '' || !namespace || !machine || !pool || !host) continue;
    const plan = attempt && claim ? { attempt: Number(attempt), claim } : null;
    holders.set(uid, { uid, namespace, machine, pool, host, plan });
  }
  return holders;
}

/** The annotation that says that the machine has a slot. */
export function slotAnnotation(uid: string): string {
  return `${SLOT_ANNOTATION_PREFIX}${uid}`;
}

/** Its value: `namespace/machine pool host plan`, for people, too. */
export function renderHolder({ namespace, machine, pool, host, plan }: SlotHolder): string {
  return `${namespace}/${machine} ${pool} ${host} ${plan === null ? '-' : `${plan.attempt}.${plan.claim}`}`;
}

/** The name of the attempt for which the slot is taken; undefined: it is granted only. */
export function attemptOf({ uid, plan }: SlotHolder): string | undefined {
  return plan === null ? undefined : attemptId({ uid, planType: 'reprovision', ...plan });
}
