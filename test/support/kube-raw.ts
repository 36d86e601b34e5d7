import { z } from 'zod';
import { createKubeTransport, type KubeRequest } from '../../runtime/kube/transport.ts';
import { useStack } from './stack.ts';

/** One request to the API server of the management cluster as its administrator, for what `KubeClient` does not do. */
export async function askKube(request: Omit<KubeRequest, 'timeoutMs'>): Promise<unknown> {
  const transport = createKubeTransport({ kubeconfigPath: useStack().kubeconfigs.admin, userAgent: 'ironloom-test' });
  try {
    return JSON.parse(await transport.send({ ...request, timeoutMs: 30_000 }));
  } finally {
    await transport.close();
  }
}

const tableSchema = z.object({
  columnDefinitions: z.array(z.object({ name: z.string() })),
  rows: z
    .array(z.object({ cells: z.array(z.unknown()) }))
    .nullish()
    .transform((rows) => rows ?? []),
});

/** What `kubectl get` prints of a path: the names of the columns, and of each row the cells by column. */
export async function readTable(path: string) {
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const { columnDefinitions, rows } = tableSchema.parse(await askKube({ method: 'GET', path, accept }));
  const columns = columnDefinitions.map(({ name }) => name);
  const toRow = ({ cells }: { cells: unknown[] }) =>
    Object.fromEntries(cells.map((cell, index) => [columns[index] ?? index, cell]));
  return { columns, rows: rows.map(toRow) };
}

/** `kubectl scale machinedeployment`: through the scale subresource. Answers the replicas that are wanted now. */
export async function scaleDeployment(namespace: string, name: string, replicas: number): Promise<number> {
  const scale = await askKube({
    method: 'PATCH',
    path: `/apis/cluster.x-k8s.io/v1beta2/namespaces/${namespace}/machinedeployments/${name}/scale`,
    contentType: 'application/merge-patch+json',
    body: { spec: { replicas } },
  });
  return z.object({ kind: z.literal('Scale'), spec: z.object({ replicas: z.number() }) }).parse(scale).spec.replicas;
}
