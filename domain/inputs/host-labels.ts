/** Which labels of an inventory tell what of its host; the names are the operator's choice. */
export interface HostLabels {
  /** The failure domain: rack, room or site. */
  failureDomain: string;
  /**
   * Hardware, by what the host has of it: `cpu`, `memory`, `ephemeral-storage` and other resources of a Node, and
   * `architecture`. Of several labels the first that a host has counts.
   */
  hardware: Readonly<Record<string, readonly string[]>>;
}

/** What the labels say of each, as it stands there; undefined: none of them is there. */
export function readHardware(
  labels: Readonly<Record<string, string>>,
  { hardware }: HostLabels,
): Readonly<Record<string, string>> | undefined {
  const found = Object.entries(hardware).flatMap(([what, names]): [string, string][] => {
    const name = names.find((key) => labels[key] !== undefined && labels[key] !== '');
    return name === undefined ? [] : [[what, (labels[name] ?? '').slice(0, MAX_LABEL)]];
  });
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

/** Kubernetes takes no longer value of a label. */
const MAX_LABEL = 63;
