import { z } from 'zod';
import { objectMetaSchema } from '../../api/meta.ts';
import { configMaps, secrets, type Resource } from '../../api/resources.ts';
import type { KubeClient } from '../../runtime/kube/client.ts';

const reference = z.object({ name: z.string(), optional: z.boolean().default(false) });
const containerSchema = z.object({
  image: z.string(),
  envFrom: z.array(z.object({ configMapRef: reference.optional(), secretRef: reference.optional() })).default([]),
  env: z
    .array(
      z.object({
        name: z.string(),
        value: z.string().optional(),
        valueFrom: z.object({ fieldRef: z.object({ fieldPath: z.literal('metadata.namespace') }) }).optional(),
      }),
    )
    .default([]),
});

export const deployments = {
  group: 'apps',
  version: 'v1',
  plural: 'deployments',
  kind: 'Deployment',
  schema: z.object({
    metadata: objectMetaSchema,
    spec: z.object({
      replicas: z.number(),
      template: z.object({ spec: z.object({ containers: z.tuple([containerSchema]) }) }),
    }),
  }),
} satisfies Resource<unknown>;

/** The environment that a kubelet gives to the container of a Deployment. @throws when what it has to have is not there */
export async function readPodEnv(client: KubeClient, namespace: string, name: string): Promise<Record<string, string>> {
  const { spec } = await client.get(deployments, { namespace, name });
  const [{ envFrom, env }] = spec.template.spec.containers;
  const result: Record<string, string> = {};
  for (const { configMapRef, secretRef } of envFrom) {
    if (configMapRef !== undefined) {
      Object.assign(result, (await findSource(client, configMaps, namespace, configMapRef))?.data);
    }
    if (secretRef !== undefined) {
      const data = (await findSource(client, secrets, namespace, secretRef))?.data ?? {};
      for (const [key, value] of Object.entries(data)) result[key] = Buffer.from(value, 'base64').toString();
    }
  }
  for (const { name: key, value, valueFrom } of env) result[key] = valueFrom === undefined ? (value ?? '') : namespace;
  return result;
}

function findSource<T>(
  client: KubeClient,
  resource: Resource<T>,
  namespace: string,
  { name, optional }: z.infer<typeof reference>,
): Promise<T | undefined> {
  const key = { namespace, name };
  return optional ? client.find(resource, key) : client.get(resource, key);
}
