import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { askKube } from '../support/kube-raw.ts';
import known from './kube-vip-environment.json' with { type: 'json' };

// No kubelet runs it here: the API server judges the static Pod as strictly as it can, and the list of the names that
// kube-vip's own source reads, of the version in the template, its settings.
const template = join(import.meta.dirname, '../../config/templates/kube-vip/static-pod.yaml');
const controlPlaneSchema = z.object({
  spec: z.object({
    kubeadmConfigSpec: z.object({
      files: z.array(z.object({ path: z.string(), content: z.string() })),
      preKubeadmCommands: z.array(z.string()),
    }),
  }),
});
const podSchema = z.looseObject({
  metadata: z.looseObject({ namespace: z.literal('kube-system') }),
  spec: z.looseObject({
    containers: z.tuple([
      z.looseObject({
        image: z.string(),
        args: z.array(z.string()),
        env: z.array(z.looseObject({ name: z.string(), value: z.string() })),
        volumeMounts: z.array(z.looseObject({ mountPath: z.string() })),
      }),
    ]),
  }),
});

/** What kubeadm is given on a host, with the variables' defaults as clusterctl puts them in. */
async function readSpec() {
  const text = await readFile(template, 'utf8');
  const filled = text.replaceAll(/\$\{\w+(?::=([^}]*))?\}/g, (_, standard?: string) => standard ?? '192.0.2.10');
  return controlPlaneSchema.parse(parse(filled)).spec.kubeadmConfigSpec;
}

async function readPod() {
  const manifest = (await readSpec()).files.find(({ path }) => path.startsWith('/etc/kubernetes/manifests/'));
  return podSchema.parse(parse(manifest?.content ?? ''));
}

function create(pod: object): Promise<unknown> {
  return askKube({
    method: 'POST',
    path: '/api/v1/namespaces/kube-system/pods',
    query: new URLSearchParams({ dryRun: 'All', fieldValidation: 'Strict' }),
    body: pod,
  });
}

describe('the static Pod of the flavour kube-vip', () => {
  test('is one, by the strictest reading of the API server', async () => {
    const pod = await readPod();
    // A kubelet makes the Pod without a service account, which a static one cannot have.
    const asStatic = { ...pod, spec: { ...pod.spec, automountServiceAccountToken: false } };
    expect(await create(asStatic)).toMatchObject({ spec: { hostNetwork: true } });
    await expect(create({ ...asStatic, spec: { ...asStatic.spec, hostNetwrok: true } })).rejects.toThrow(
      'unknown field "spec.hostNetwrok"',
    );
  });

  test('sets nothing that its version of kube-vip does not read, and all that it needs', async () => {
    const [{ image, args, env }] = (await readPod()).spec.containers;
    expect(image.split(':').at(-1)).toBe(known.version);
    expect(args).toEqual(['manager']);
    expect(env.map(({ name }) => name).filter((name) => !known.names.includes(name))).toEqual([]);
    expect(Object.fromEntries(env.map(({ name, value }) => [name, value]))).toEqual({
      vip_arp: 'true',
      vip_leaderelection: 'true',
      vip_leasename: 'plndr-cp-lock',
      cp_enable: 'true',
      cp_namespace: 'kube-system',
      address: '192.0.2.10',
      port: '6443',
      // Empty: that of the default route.
      vip_interface: '',
    });
  });

  test('reads the kubeconfig that the host has: before the roles are made that of the super admin', async () => {
    const { files, preKubeadmCommands } = await readSpec();
    const [{ volumeMounts }] = (await readPod()).spec.containers;
    const mounted = volumeMounts.map(({ mountPath }) => mountPath);
    // Where kube-vip looks by itself.
    expect(mounted).toEqual(['/etc/kubernetes/admin.conf', '/etc/hosts']);
    const manifest = files.find(({ path }) => path === '/etc/kubernetes/manifests/kube-vip.yaml')?.content ?? '';
    const [command = ''] = preKubeadmCommands;
    const [, from = '', to = ''] = /s#([^#]+)#([^#]+)#/.exec(command) ?? [];
    const changed = podSchema.parse(parse(manifest.replace(from, to)));
    expect(JSON.stringify(changed)).toContain('"hostPath":{"path":"/etc/kubernetes/super-admin.conf"');
    expect(changed.spec.containers[0].volumeMounts.map(({ mountPath }) => mountPath)).toEqual(mounted);
    expect(await create({ ...changed, spec: { ...changed.spec, automountServiceAccountToken: false } })).toBeDefined();
  });
});
