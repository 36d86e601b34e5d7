import { type HostNetwork, networkSchema } from '../../api/inventory.ts';

/** The fields of an inventory's spec that tell of its network; each is whatever somebody wrote there. */
export interface InventoryNetworks {
  network?: unknown;
  observedNetwork?: unknown;
}

/** Which of an inventory's networks holds (system.md section 4). */
export type RecordedNetwork =
  | { kind: 'none' }
  /** Elemental's form of `spec.network`: the host applies it itself, at each boot. */
  | { kind: 'self'; addresses: string[] }
  | { kind: 'recorded'; name: 'spec.network' | 'spec.observedNetwork'; network: HostNetwork }
  | { kind: 'invalid'; message: string };

const ourFields: readonly string[] = Object.keys(networkSchema.shape);

/** Chooses between the explicit network, which wins, and the observed one. */
export function chooseNetwork({ network, observedNetwork }: InventoryNetworks): RecordedNetwork {
  const configurator = fieldOf(network, 'configurator');
  if (configurator !== undefined && configurator !== null && configurator !== '' && configurator !== 'none') {
    if (typeof configurator !== 'string') {
      return { kind: 'invalid', message: 'spec.network: configurator has the wrong type' };
    }
    const addresses = valuesOf(fieldOf(network, 'ipAddresses')).filter((address) => typeof address === 'string');
    return { kind: 'self', addresses };
  }
  if (hasContent(network)) return parse('spec.network', network);
  return hasContent(observedNetwork) ? parse('spec.observedNetwork', observedNetwork) : { kind: 'none' };
}

function parse(name: 'spec.network' | 'spec.observedNetwork', value: unknown): RecordedNetwork {
  const parsed = networkSchema.safeParse(value);
  if (parsed.success) return { kind: 'recorded', name, network: parsed.data };
  const path = (parsed.error.issues[0]?.path ?? []).filter((step) => typeof step !== 'symbol');
  return { kind: 'invalid', message: `${name}: ${path.join('.') || 'the value'} has the wrong type` };
}

function hasContent(network: unknown): boolean {
  if (typeof network !== 'object' || network === null) return false;
  return Object.entries(network).some(
    ([key, value]) => ourFields.includes(key) && value !== null && !(Array.isArray(value) && value.length === 0),
  );
}

function valuesOf(value: unknown): unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value) : [];
}

function fieldOf(value: unknown, field: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === field)?.[1];
}
