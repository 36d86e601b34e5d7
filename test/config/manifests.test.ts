import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { baremetalClusterSchema } from '../../api/cluster.ts';
import { IMAGE_CATALOG_NAME } from '../../api/constants.ts';
import { baremetalMachineTemplateSchema } from '../../api/machine-template.ts';
import { machineInventoryPoolSchema } from '../../api/pool.ts';
import { renderCrdFiles } from '../../config/generate-crds.ts';
import { CURRENT_VERSION } from '../../dev/release/components.ts';
import { envSchema } from '../../runtime/env-schema.ts';

const CONFIG = join(import.meta.dirname, '../../config');

const manifestSchema = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }).optional(),
});

function read(folder: string) {
  const files = readdirSync(join(CONFIG, folder)).filter((name) => name.endsWith('.yaml'));
  return files.toSorted().flatMap((file) => {
    return parseAllDocuments(readFileSync(join(CONFIG, folder, file), 'utf8')).flatMap((document) => {
      const object: unknown = document.toJS();
      // A JSON patch is a list.
      return Array.isArray(object) ? [] : [{ file, manifest: manifestSchema.parse(object) }];
    });
  });
}

const isTemporal = (name: string): boolean => name.startsWith('TEMPORAL_');

const kustomizationSchema = z.object({
  resources: z.array(z.string()),
  // A patch without a path stands in the file itself.
  patches: z.array(z.object({ path: z.string().optional() })).default([]),
  configMapGenerator: z.array(z.object({ files: z.array(z.string()) })).default([]),
});
const kustomizations = globSync('**/kustomization.yaml', { cwd: CONFIG }).map((path) => dirname(path));

/** The folder, of those with a kustomization, that a file is in. */
function kustomizationOf(file: string): string | undefined {
  const around = kustomizations.filter((folder) => file.startsWith(`${folder}/`));
  return around.toSorted((a, b) => b.length - a.length)[0];
}

describe('kustomize', () => {
  it.each(kustomizations)('%s names every manifest of its folder, and only what exists', (folder) => {
    const entry = read(folder).find(({ file }) => file === 'kustomization.yaml');
    const { resources, patches, configMapGenerator } = kustomizationSchema.parse(entry?.manifest);
    const files = globSync('**/*.{yaml,json}', { cwd: join(CONFIG, folder) }).filter(
      (name) => !name.endsWith('kustomization.yaml') && kustomizationOf(join(folder, name)) === folder,
    );
    const isOwn = (resource: string) => !kustomizations.includes(join(folder, resource));
    const local = resources.filter((resource) => !resource.startsWith('..') && isOwn(resource));
    local.push(...patches.flatMap(({ path }) => path ?? []));
    local.push(...configMapGenerator.flatMap((generator) => generator.files));
    expect(local.toSorted()).toEqual(files.toSorted());
    for (const resource of resources) expect(existsSync(join(CONFIG, folder, resource)), resource).toBe(true);
  });

  it('installs every CRD', () => {
    const files = readdirSync(join(CONFIG, 'crd')).filter((name) => name !== 'kustomization.yaml');
    expect(files.toSorted()).toEqual([...renderCrdFiles().keys()].toSorted());
  });
});

const ruleSchema = z.object({
  apiGroups: z.array(z.string()),
  resources: z.array(z.string()),
  verbs: z.array(z.string()),
});
const roleSchema = z.object({ rules: z.array(ruleSchema) });

describe('RBAC', () => {
  const rules = read('rbac')
    .filter(({ manifest }) => manifest.kind === 'ClusterRole' || manifest.kind === 'Role')
    .flatMap(({ manifest }) =>
      roleSchema.parse(manifest).rules.map((rule) => ({ ...rule, role: manifest.metadata?.name })),
    );

  it('has no wildcard', () => {
    expect(rules.length).toBeGreaterThan(10);
    for (const rule of rules) expect([...rule.apiGroups, ...rule.resources, ...rule.verbs]).not.toContain('*');
  });

  it('never creates or deletes what elemental-operator owns', () => {
    for (const { resources, verbs } of rules) {
      if (!resources.includes('machineinventories') && !resources.includes('secrets')) continue;
      expect(verbs).not.toContain('create');
      expect(verbs).not.toContain('delete');
      expect(verbs).not.toContain('update');
    }
  });

  it('lets the worker write Secrets, and the bridge, which cleans what nobody owns (ADR 18)', () => {
    const writers = rules.filter(({ resources, verbs }) => resources.includes('secrets') && verbs.includes('patch'));
    expect(new Set(writers.map(({ role }) => role))).toEqual(new Set(['ironloom-bridge', 'ironloom-worker']));
  });
});

describe('roles for people', () => {
  const ofGroup = (name: string) => {
    const role = read('rbac').find(({ manifest }) => manifest.metadata?.name === name)?.manifest;
    return { labels: role?.metadata?.['labels'], rules: roleSchema.parse(role).rules };
  };
  const kinds = globSync('*_*.yaml', { cwd: join(CONFIG, 'crd') }).map((file) => file.replace(/^.*_|\.yaml$/g, ''));

  it.each([
    ['ironloom-viewer', 'view', ['get', 'list', 'watch']],
    ['ironloom-editor', 'edit', ['create', 'update', 'patch', 'delete']],
  ])('%s is part of %s, for all our kinds and no others', (name, aggregated, verbs) => {
    const { labels, rules } = ofGroup(name);
    expect(labels).toEqual({ [`rbac.authorization.k8s.io/aggregate-to-${aggregated}`]: 'true' });
    expect(rules).toEqual([{ apiGroups: ['infrastructure.cluster.x-k8s.io'], resources: kinds.toSorted(), verbs }]);
  });
});

const selectorSchema = z.object({ matchLabels: z.record(z.string(), z.string()) });
const deploymentSchema = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    replicas: z.int().min(2),
    selector: selectorSchema,
    template: z.object({
      spec: z.object({
        affinity: z.object({
          podAntiAffinity: z.object({
            preferredDuringSchedulingIgnoredDuringExecution: z.tuple([
              z.object({ podAffinityTerm: z.object({ topologyKey: z.string(), labelSelector: selectorSchema }) }),
            ]),
          }),
        }),
        securityContext: z.object({ runAsNonRoot: z.literal(true) }),
        containers: z.array(
          z.object({
            name: z.string(),
            command: z.array(z.string()),
            livenessProbe: z.object({}),
            readinessProbe: z.object({}),
            resources: z.object({ requests: z.object({}), limits: z.object({ memory: z.string() }) }),
            securityContext: z.object({
              allowPrivilegeEscalation: z.literal(false),
              readOnlyRootFilesystem: z.literal(true),
            }),
          }),
        ),
      }),
    }),
  }),
});

const podSchema = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({
        containers: z.tuple([
          z.object({ volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })) }),
        ]),
        volumes: z.array(
          z.object({
            name: z.string(),
            secret: z.object({ secretName: z.string(), optional: z.boolean() }).optional(),
          }),
        ),
      }),
    }),
  }),
});

describe('the manager', () => {
  const manifests = read('manager').map(({ manifest }) => manifest);

  it('runs bridge and worker with probes, limits and without privileges', () => {
    const deployments = manifests
      .filter(({ kind }) => kind === 'Deployment')
      .map((found) => deploymentSchema.parse(found));
    expect(deployments.map(({ metadata, spec }) => [metadata.name, spec.template.spec.containers[0]?.name])).toEqual([
      ['ironloom-bridge', 'manager'],
      ['ironloom-worker', 'worker'],
    ]);
  });

  it('keeps replicas apart, and all but one of them while nodes are drained', () => {
    const budget = z.object({ spec: z.object({ maxUnavailable: z.literal(1), selector: selectorSchema }) });
    const budgets = manifests.filter(({ kind }) => kind === 'PodDisruptionBudget').map((found) => budget.parse(found));
    const deployments = manifests.filter(({ kind }) => kind === 'Deployment').map((it) => deploymentSchema.parse(it));
    expect(budgets.map(({ spec }) => spec.selector)).toEqual(deployments.map(({ spec }) => spec.selector));
    for (const { spec } of deployments) {
      const [term] = spec.template.spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution;
      const apart = { topologyKey: 'kubernetes.io/hostname', labelSelector: spec.selector };
      expect(term.podAffinityTerm).toEqual(apart);
    }
  });

  it('names the build of the worker as its image', () => {
    const worker = manifests.find(
      ({ kind, metadata }) => kind === 'Deployment' && metadata?.name === 'ironloom-worker',
    );
    const text = JSON.stringify(worker);
    const tag = /"image":"[^":]*:([^"]+)"/.exec(text)?.[1];
    expect(tag).toBeDefined();
    expect(text).toContain(`{"name":"IRONLOOM_BUILD_ID","value":"${tag}"}`);
  });

  const dataOf = (found: readonly z.infer<typeof manifestSchema>[]) =>
    z
      .object({ data: z.record(z.string(), z.string()) })
      .parse(found.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata?.name === 'ironloom-defaults')).data;
  const defaults = dataOf(manifests);

  it('sets only variables that the processes read, to values that they take', () => {
    const ours = Object.entries(defaults).filter(([name]) => !name.startsWith('TEMPORAL_'));
    expect(Object.keys(envSchema.shape)).toEqual(expect.arrayContaining(ours.map(([name]) => name)));
    expect(envSchema.safeParse(Object.fromEntries(ours)).success).toBe(true);
  });

  it('lets the variables of a release default to the same', () => {
    const variables = dataOf(read('clusterctl').map(({ manifest }) => manifest));
    for (const [name, value] of Object.entries(variables)) {
      expect(value).toBe(`\${${name}:=${defaults[name] ?? ' '}}`);
    }
    const fixed = Object.keys(defaults).filter((name) => !(name in variables));
    expect(fixed).toEqual(['IRONLOOM_HEALTH_ADDRESS', 'IRONLOOM_METRICS_ADDRESS']);
    expect([...Object.keys(envSchema.shape), ...Object.keys(variables).filter(isTemporal)]).toEqual(
      expect.arrayContaining(Object.keys(variables)),
    );
  });

  it('lets an operator say otherwise in objects that no installation brings', () => {
    const sources = z.object({
      spec: z.object({
        template: z.object({ spec: z.object({ containers: z.tuple([z.object({ envFrom: z.array(z.json()) })]) }) }),
      }),
    });
    const mounts = z.object({
      spec: z.object({
        template: z.object({
          spec: z.object({
            volumes: z.array(z.looseObject({ name: z.string() })),
            containers: z.tuple([
              z.object({
                env: z.array(z.looseObject({ name: z.string() })),
                volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })),
              }),
            ]),
          }),
        }),
      }),
    });
    const shipped = manifests.flatMap(({ metadata }) => metadata?.name ?? []);
    const [console] = read('console').filter(({ manifest }) => manifest.kind === 'Deployment');
    for (const deployment of [...manifests.filter(({ kind }) => kind === 'Deployment'), console?.manifest]) {
      expect(sources.parse(deployment).spec.template.spec.containers[0].envFrom).toEqual([
        { configMapRef: { name: 'ironloom-defaults' } },
        { configMapRef: { name: 'ironloom-settings', optional: true } },
        { secretRef: { name: 'ironloom-temporal', optional: true } },
        { secretRef: { name: 'ironloom-journal', optional: true } },
      ]);
      const { volumes, containers } = mounts.parse(deployment).spec.template.spec;
      const folder = containers[0].env.find(({ name }) => name === 'IRONLOOM_SETTINGS_FOLDER')?.['value'];
      const seen = containers[0].volumeMounts.filter(({ mountPath }) => mountPath.startsWith(`${String(folder)}/`));
      const inOrder = seen.toSorted((one, other) => (one.mountPath < other.mountPath ? -1 : 1));
      expect(inOrder.map(({ name }) => volumes.find((volume) => volume.name === name))).toEqual([
        { name: inOrder[0]?.name, configMap: { name: 'ironloom-defaults' } },
        { name: inOrder[1]?.name, configMap: { name: 'ironloom-settings', optional: true } },
        { name: inOrder[2]?.name, secret: { secretName: 'ironloom-temporal', optional: true } },
        { name: inOrder[3]?.name, secret: { secretName: 'ironloom-journal', optional: true } },
      ]);
    }
    expect(shipped).toContain('ironloom-defaults');
    expect(shipped).not.toContain('ironloom-settings');
    expect(shipped).not.toContain('ironloom-temporal');
    expect(shipped).not.toContain('ironloom-journal');
  });

  it('mounts certificates for Temporal, if there are any, where the documentation says', () => {
    const secret = { secretName: 'ironloom-temporal-tls', optional: true };
    const documented = /^```yaml\n((?:TEMPORAL_TLS_.*\n)+)```/m.exec(
      readFileSync(join(CONFIG, '../docs/operations.md'), 'utf8'),
    );
    const paths = z.record(z.string(), z.string()).parse(parse(documented?.[1] ?? ''));
    expect(Object.keys(paths)).toEqual(
      ['SERVER_CA_CERT', 'CLIENT_CERT', 'CLIENT_KEY'].map((name) => `TEMPORAL_TLS_${name}_PATH`),
    );
    const deployments = manifests.filter(({ kind }) => kind === 'Deployment').map((it) => podSchema.parse(it));
    expect(deployments).toHaveLength(2);
    for (const { spec } of deployments) {
      const { containers, volumes } = spec.template.spec;
      const volume = volumes.find((one) => one.secret?.secretName === secret.secretName);
      expect(volume?.secret).toEqual(secret);
      const mount = containers[0].volumeMounts.find(({ name }) => name === volume?.name);
      expect(Object.values(paths)).toEqual(['ca.crt', 'tls.crt', 'tls.key'].map((key) => `${mount?.mountPath}/${key}`));
    }
  });

  it('mounts certificates for the journal, if there are any, where the documentation says', () => {
    const documented = /sslrootcert=([^'&\s]+)/.exec(readFileSync(join(CONFIG, '../docs/journal.md'), 'utf8'))?.[1];
    const deployments = [...manifests, ...read('console').map(({ manifest }) => manifest)];
    const pods = deployments.filter(({ kind }) => kind === 'Deployment').map((it) => podSchema.parse(it));
    expect(pods).toHaveLength(3);
    for (const { spec } of pods) {
      const { containers, volumes } = spec.template.spec;
      const volume = volumes.find(({ secret }) => secret?.secretName === 'ironloom-journal-tls');
      expect(volume?.secret?.optional).toBe(true);
      const mount = containers[0].volumeMounts.find(({ name }) => name === volume?.name);
      expect(documented).toBe(`${mount?.mountPath}/ca.crt`);
    }
  });

  it('is of the version of package.json, whose series clusterctl knows', () => {
    const all = [...manifests, ...read('console').map(({ manifest }) => manifest)];
    const images = all.flatMap((manifest) => /"image":"([^"]+)"/.exec(JSON.stringify(manifest))?.[1] ?? []);
    expect(images).toEqual(Array(3).fill(`registry.example.com/ironloom/ironloom:${CURRENT_VERSION}`));
    const [major, minor] = CURRENT_VERSION.slice(1).split('.').map(Number);
    const { releaseSeries } = z
      .object({ releaseSeries: z.array(z.object({ major: z.int(), minor: z.int(), contract: z.string() })) })
      .parse(parse(readFileSync(join(CONFIG, 'metadata.yaml'), 'utf8')));
    expect(releaseSeries).toContainEqual({ major, minor, contract: 'v1beta2' });
  });
});

describe('what others reach', () => {
  const portSchema = z.object({ name: z.string(), containerPort: z.int() });
  const podSchema = z.object({
    metadata: z.object({ name: z.string() }),
    spec: z.object({
      template: z.object({
        metadata: z.object({ labels: z.record(z.string(), z.string()) }),
        spec: z.object({ containers: z.tuple([z.object({ ports: z.array(portSchema) })]) }),
      }),
    }),
  });
  const pods = read('manager')
    .filter(({ manifest }) => manifest.kind === 'Deployment')
    .map(({ manifest }) => podSchema.parse(manifest))
    .map(({ metadata, spec: { template } }) => ({
      name: metadata.name,
      labels: template.metadata.labels,
      ports: template.spec.containers[0].ports,
    }));
  const selects = (labels: Record<string, string>) =>
    pods
      .filter((pod) => Object.entries(labels).every(([key, value]) => pod.labels[key] === value))
      .map(({ name }) => name);

  it('has a Service for the metrics of each', () => {
    const serviceSchema = z.object({
      metadata: z.object({ name: z.string() }),
      spec: z.object({
        selector: z.record(z.string(), z.string()),
        ports: z.tuple([z.object({ name: z.literal('metrics'), port: z.int(), targetPort: z.literal('metrics') })]),
      }),
    });
    const services = read('manager').filter(({ manifest }) => manifest.kind === 'Service');
    const found = services.map(({ manifest }) => serviceSchema.parse(manifest));
    expect(found.map(({ metadata, spec }) => [metadata.name, selects(spec.selector)])).toEqual(
      pods.map(({ name }) => [`${name}-metrics`, [name]]),
    );
    for (const { spec } of found)
      expect(pods[0]?.ports).toContainEqual({ name: 'metrics', containerPort: spec.ports[0].port });
  });

  it('is scraped by the PodMonitor', () => {
    const monitorSchema = z.object({
      spec: z.object({
        selector: selectorSchema,
        podMetricsEndpoints: z.tuple([z.object({ port: z.literal('metrics') })]),
      }),
    });
    const monitor = read('monitoring').find(({ manifest }) => manifest.kind === 'PodMonitor')?.manifest;
    expect(selects(monitorSchema.parse(monitor).spec.selector.matchLabels)).toEqual(pods.map(({ name }) => name));
  });

  const rulesSchema = z.array(z.object({ ports: z.array(z.object({ port: z.int() })) }));
  const policySchema = z.object({
    spec: z.object({ podSelector: selectorSchema, ingress: rulesSchema, egress: rulesSchema.default([]) }),
  });
  const readPolicy = (name: string) =>
    policySchema.parse(read('network-policy').find(({ manifest }) => manifest.metadata?.name === name)?.manifest).spec;
  const portsOf = (rules: z.infer<typeof rulesSchema>) => rules.flatMap((rule) => rule.ports.map(({ port }) => port));

  it('is all that the NetworkPolicy lets in, and what is called by default is all that it lets out', () => {
    const { podSelector, ingress, egress } = readPolicy('ironloom');
    expect(selects(podSelector.matchLabels)).toEqual(pods.map(({ name }) => name));
    for (const pod of pods) {
      expect(portsOf(ingress)).toEqual(pod.ports.map(({ containerPort }) => containerPort));
    }
    const temporal = z
      .object({ data: z.object({ TEMPORAL_ADDRESS: z.string() }) })
      .parse(read('manager').find(({ manifest }) => manifest.kind === 'ConfigMap')?.manifest).data.TEMPORAL_ADDRESS;
    const postgresql = 5432;
    expect(new Set(portsOf(egress))).toEqual(new Set([53, 443, 6443, Number(temporal.split(':')[1]), postgresql]));
  });

  it('is for people the page of the console, by its Service and through the NetworkPolicies', () => {
    const [consoleService, deployment] = ['Service', 'Deployment'].map(
      (wanted) => read('console').find(({ manifest }) => manifest.kind === wanted)?.manifest,
    );
    const pod = podSchema.parse(deployment).spec.template;
    const page = pod.spec.containers[0].ports.find(({ name }) => name === 'page')?.containerPort;
    const policies = ['ironloom', 'ironloom-console'].map(readPolicy);
    for (const { podSelector } of policies) expect(pod.metadata.labels).toMatchObject(podSelector.matchLabels);
    expect(new Set(policies.flatMap(({ ingress }) => portsOf(ingress)))).toEqual(
      new Set(pod.spec.containers[0].ports.map(({ containerPort }) => containerPort)),
    );
    expect(selects(policies[1]?.podSelector.matchLabels ?? {})).toEqual([]);
    const { spec } = z
      .object({ spec: z.object({ selector: z.record(z.string(), z.string()), ports: z.array(z.looseObject({})) }) })
      .parse(consoleService);
    expect(pod.metadata.labels).toMatchObject(spec.selector);
    expect(spec.ports).toEqual([{ name: 'page', port: 80, targetPort: 'page' }]);
    expect(portsOf(policies[1]?.ingress ?? [])).toEqual([page]);
  });
});

describe('the image', () => {
  const lines = readFileSync(join(CONFIG, '../Dockerfile'), 'utf8').split('\n');
  const copied = lines.flatMap((line) => /^COPY (\S+) \1$/.exec(line)?.[1] ?? []);

  it('holds every folder that its programs import from', () => {
    const code = readdirSync(join(CONFIG, '..'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => name)
      .filter((name) => !['bench', 'config', 'coverage', 'dev', 'docs', 'node_modules', 'test'].includes(name));
    expect(copied.toSorted()).toEqual(code.toSorted());
  });

  it('is given what it copies', () => {
    const allowed = readFileSync(join(CONFIG, '../.dockerignore'), 'utf8').split('\n');
    for (const folder of copied) expect(allowed).toContain(`!${folder}`);
  });

  const finalStage = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')));

  it('trusts the usual certificate authorities, or its worker could not speak TLS', () => {
    const authorities = '/etc/ssl/certs/ca-certificates.crt';
    expect(lines.join('\n')).toMatch(/^RUN (.*\\\n)*.*apt-get install .*\bca-certificates\b/m);
    expect(finalStage).toContain(`COPY --from=build ${authorities} /etc/ssl/certs/`);
  });

  it('runs no program of its base image while it is made, which may have none', () => {
    expect(finalStage.filter((line) => line.startsWith('RUN '))).toEqual([]);
  });

  it('runs without privileges, by a number that Kubernetes can check', () => {
    expect(finalStage.filter((line) => line.startsWith('USER ')).at(-1)).toBe('USER 65532:65532');
  });
});

describe('the samples', () => {
  const samples = read('samples').map(({ manifest }) => manifest);
  const sample = (kind: string) => samples.find((candidate) => candidate.kind === kind);

  it('are what our schemas take', () => {
    expect(() => baremetalClusterSchema.parse(sample('BaremetalCluster'))).not.toThrow();
    expect(() => baremetalMachineTemplateSchema.parse(sample('BaremetalMachineTemplate'))).not.toThrow();
    expect(() => machineInventoryPoolSchema.parse(sample('MachineInventoryPool'))).not.toThrow();
  });

  it('live in one namespace', () => {
    const namespaces = samples.map(({ kind, metadata }) =>
      kind === 'Namespace' ? metadata?.name : metadata?.namespace,
    );
    expect(new Set(namespaces)).toEqual(new Set(['baremetal-demo']));
  });

  it('name five hosts in an order of their own', () => {
    const names = machineInventoryPoolSchema
      .parse(sample('MachineInventoryPool'))
      .spec.machineInventories.map(({ name }) => name);
    expect(names).toHaveLength(5);
    expect(names).not.toEqual(names.toSorted());
  });

  it('have an image for the version of the machines', () => {
    const catalog = z.object({ data: z.record(z.string(), z.string()), metadata: z.object({ name: z.string() }) });
    const { data, metadata } = catalog.parse(sample('ConfigMap'));
    const deployment = z.object({
      spec: z.object({ template: z.object({ spec: z.object({ version: z.string() }) }) }),
    });
    expect(metadata.name).toBe(IMAGE_CATALOG_NAME);
    expect(Object.keys(data)).toContain(deployment.parse(sample('MachineDeployment')).spec.template.spec.version);
  });
});
