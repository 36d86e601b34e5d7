/** What `meta-data` of the seed says beside `instance-id`, as `ds.meta_data` shows it to templates. */
export type HostMetaData = {
  readonly 'local-hostname': string;
  readonly hostname: string;
  /** The inventory. */
  readonly name: string;
  readonly providerid: string;
  readonly provider_id: string;
  /** uid of the inventory. */
  readonly uuid: string;
  readonly cluster: string;
  readonly pool: string;
  /** Of the inventory. */
  readonly labels: Readonly<Record<string, string>>;
};

/** What a host is, by the names of the contract. */
export interface HostFacts {
  hostname: string;
  inventory: string;
  inventoryUid: string;
  /** `baremetal:///<inventory>`. */
  providerID: string;
  cluster: string;
  pool: string;
  labels: Readonly<Record<string, string>>;
}

/** Anybody may label an inventory without end, and all of it goes into the plan. */
const labelsLimitChars = 16 * 1024;

/** What a template of the bootstrap data may ask for (system.md section 4). */
export function hostMetaData(facts: HostFacts): HostMetaData {
  const { hostname, inventory, inventoryUid, providerID, cluster, pool, labels } = facts;
  let room = labelsLimitChars;
  const kept = Object.entries(labels).filter(([key, value]) => (room -= key.length + value.length) >= 0);
  return {
    'local-hostname': hostname,
    hostname,
    name: inventory,
    providerid: providerID,
    provider_id: providerID,
    uuid: inventoryUid,
    cluster,
    pool,
    labels: Object.fromEntries(kept),
  };
}
