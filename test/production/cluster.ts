import { type ManagementClusterDescription, startManagementCluster } from '../../dev/stack/management-cluster.ts';
import type { FileHooks } from '../support/site-test.ts';
import { type ProductionTemporal, type ProductionTemporalOptions, startProductionTemporal } from './temporal.ts';

/** A management cluster whose Temporal is that of production. */
export interface ProductionCluster extends ManagementClusterDescription {
  production: ProductionTemporal;
}

/** For `siteTestOn`: a management cluster of the file's own. */
export function openProductionCluster(options: ProductionTemporalOptions = {}) {
  return async ({ onCleanup }: FileHooks): Promise<ProductionCluster> => {
    const started = new AsyncDisposableStack();
    onCleanup(() => started.disposeAsync());
    const production = started.use(await startProductionTemporal(options));
    const cluster = started.use(await startManagementCluster({ components: { temporal: false } }));
    const { dir, logs, kubeconfigs, apiServerUrl, auditLogPath } = cluster;
    const temporal = { address: production.address, uiUrl: production.uiUrl, namespace: 'default' };
    return { dir, logs, kubeconfigs, apiServerUrl, auditLogPath, temporal, production };
  };
}
