import { gunzipSync } from 'node:zlib';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';

const taintSchema = z.object({ key: z.string(), value: z.string().optional(), effect: z.string() });

/** What a kubelet registers as. */
export const nodeIdentitySchema = z.object({
  name: z.string(),
  providerId: z.string(),
  controlPlane: z.boolean(),
  /** By `kubeadm init`: the cluster begins with this node. */
  startsCluster: z.boolean().default(false),
  /** `host:port` of the API server that it starts or joins; empty when the configuration names none. */
  endpoint: z.string().default(''),
  taints: z.array(taintSchema),
  /** By the kubelet's argument `node-labels`. */
  labels: z.record(z.string(), z.string()).default({}),
});
export type NodeIdentity = z.infer<typeof nodeIdentitySchema>;

const writeFileSchema = z.object({
  path: z.string(),
  content: z.string().default(''),
  encoding: z.string().default(''),
});

/** The part of cloud-init's user-data that the simulator carries out. */
const userDataSchema = z.looseObject({
  hostname: z.string().optional(),
  write_files: z.array(writeFileSchema).default([]),
});

export const metaDataSchema = z.record(z.string(), z.unknown());
export type SeedMetaData = z.infer<typeof metaDataSchema>;

export interface SeedFile {
  path: string;
  content: string;
}

/** What a NoCloud seed makes of the host. */
export interface ParsedSeed {
  hostname: string;
  files: SeedFile[];
}

/** Reads user-data as cloud-init does: jinja first where the header says so, then YAML. Throws on anything else. */
export function parseSeed(userData: string, metaData: SeedMetaData): ParsedSeed {
  const isTemplate = /^##\s*template:\s*jinja/.test(userData);
  const rendered = isTemplate ? renderJinja(userData, metaData) : userData;
  if (!/^#cloud-config\s*$/m.test(rendered)) throw new Error('user-data has no #cloud-config header');
  const config = userDataSchema.parse(parse(rendered));
  const local = metaData['local-hostname'] ?? metaData['hostname'];
  const files = config.write_files.map((file) => ({ path: file.path, content: decodeContent(file) }));
  return { hostname: config.hostname ?? (typeof local === 'string' ? local : 'localhost'), files };
}

function renderJinja(template: string, metaData: SeedMetaData): string {
  return template.replaceAll(/\{\{-?\s*(?:ds\.meta_data|v1)\.(\w+)\s*-?\}\}/g, (_, key: string) => {
    const value = metaData[key] ?? metaData[key.replaceAll('_', '-')];
    return typeof value === 'string' ? value : `CI_MISSING_JINJA_VAR/${key}`;
  });
}

function decodeContent({ content, encoding }: z.infer<typeof writeFileSchema>): string {
  const isBase64 = /(?:^|\+)b(?:ase)?64$/.test(encoding);
  const bytes = Buffer.from(content, isBase64 ? 'base64' : 'utf8');
  return (/^gz(?:ip)?(?:\+|$)/.test(encoding) ? gunzipSync(bytes) : bytes).toString('utf8');
}

const argumentsSchema = z.union([
  z.record(z.string(), z.string()),
  z
    .array(z.object({ name: z.string(), value: z.string() }))
    .transform((list) => Object.fromEntries(list.map(({ name, value }) => [name, value]))),
]);

/** kubeadm's configuration of a whole cluster. */
export const clusterDocumentSchema = z.looseObject({
  kind: z.literal('ClusterConfiguration'),
  controlPlaneEndpoint: z.string().optional(),
});

const joinDocumentSchema = z.looseObject({
  kind: z.enum(['InitConfiguration', 'JoinConfiguration']),
  nodeRegistration: z
    .looseObject({
      name: z.string().optional(),
      kubeletExtraArgs: argumentsSchema.default({}),
      taints: z.array(taintSchema).nullish(),
    })
    .default({ kubeletExtraArgs: {} }),
  controlPlane: z.unknown().optional(),
  discovery: z
    .looseObject({ bootstrapToken: z.looseObject({ apiServerEndpoint: z.string().optional() }).optional() })
    .optional(),
});

/** As the kubelet does: of a label that stands there twice the last one counts. */
function readLabels(text: string): Record<string, string> {
  const labels = text.split(',').filter((label) => label.includes('='));
  return Object.fromEntries(
    labels.map((label) => [label.slice(0, label.indexOf('=')), label.slice(label.indexOf('=') + 1)]),
  );
}

/** The YAML documents of a file, as plain values. */
export function readDocuments(content: string): unknown[] {
  return parseAllDocuments(content).map((document) => z.unknown().parse(document.toJS()));
}

/** Finds the configuration of the node among the files that cloud-init wrote; undefined when there is none. */
export function findNodeIdentity(seed: ParsedSeed): NodeIdentity | undefined {
  return findKubeadmIdentity(seed) ?? findRancherIdentity(seed);
}

/** What the agents of RKE2 and k3s read. */
const rancherSchema = z.looseObject({
  server: z.string(),
  'node-name': z.string().optional(),
  'kubelet-arg': z.union([z.string().transform((text) => [text]), z.array(z.string())]).default([]),
});

function findRancherIdentity(seed: ParsedSeed): NodeIdentity | undefined {
  const file = seed.files.find(({ path }) => /^\/etc\/rancher\/(?:rke2|k3s)\/config\.yaml$/.test(path));
  const found = rancherSchema.safeParse(file && parse(file.content));
  if (!found.success) return undefined;
  const { server, 'node-name': name, 'kubelet-arg': args } = found.data;
  const [, providerId = ''] = /^provider-id=(.*)$/m.exec(args.join('\n')) ?? [];
  return {
    name: (name ?? seed.hostname).toLowerCase(),
    providerId,
    controlPlane: false,
    startsCluster: false,
    endpoint: server.replace(/^https:\/\//, ''),
    taints: [],
    labels: {},
  };
}

function findKubeadmIdentity(seed: ParsedSeed): NodeIdentity | undefined {
  for (const file of seed.files.filter(({ content }) => content.includes('kubeadm.k8s.io/'))) {
    const documents = readDocuments(file.content);
    const cluster = documents.map((document) => clusterDocumentSchema.safeParse(document).data).find(Boolean);
    for (const document of documents) {
      const found = joinDocumentSchema.safeParse(document);
      if (!found.success) continue;
      const { kind, nodeRegistration, controlPlane, discovery } = found.data;
      const startsCluster = kind === 'InitConfiguration';
      const endpoint = startsCluster ? cluster?.controlPlaneEndpoint : discovery?.bootstrapToken?.apiServerEndpoint;
      return {
        name: (nodeRegistration.name ?? seed.hostname).toLowerCase(),
        providerId: nodeRegistration.kubeletExtraArgs['provider-id'] ?? '',
        controlPlane: startsCluster || (controlPlane !== undefined && controlPlane !== null),
        startsCluster,
        endpoint: endpoint ?? '',
        taints: nodeRegistration.taints ?? [],
        labels: readLabels(nodeRegistration.kubeletExtraArgs['node-labels'] ?? ''),
      };
    }
  }
  return undefined;
}
