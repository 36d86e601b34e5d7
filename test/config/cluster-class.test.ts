import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const readYaml = (path: string): unknown =>
  parse(readFileSync(new URL(`../../config/${path}`, import.meta.url), 'utf8'));

const kubeadmSchema = z.object({ files: z.array(z.unknown()), preKubeadmCommands: z.array(z.string()) });
const flavourSchema = z.object({ spec: z.object({ kubeadmConfigSpec: kubeadmSchema }) });
const classPatchSchema = z.tuple([
  z.object({
    value: z.object({
      definitions: z.tuple([
        z.object({
          jsonPatches: z.tuple([
            z.object({ valueFrom: z.object({ template: z.string() }) }),
            z.object({ value: z.array(z.string()) }),
          ]),
        }),
      ]),
    }),
  }),
]);

/** What stands for the same in a template of clusterctl and in one of the ClusterClass. */
const variables: readonly [flavour: string, ofClass: string][] = [
  ['${KUBE_VIP_IMAGE:=ghcr.io/kube-vip/kube-vip}:${KUBE_VIP_VERSION:=v1.2.1}', '{{ .kubeVip.image }}'],
  ['${CONTROL_PLANE_ENDPOINT_HOST}', '{{ .endpoint.host | quote }}'],
  ['${CONTROL_PLANE_ENDPOINT_PORT:=6443}', '{{ .endpoint.port | quote }}'],
  ['${KUBE_VIP_INTERFACE:=""}', '{{ .kubeVip.interface | quote }}'],
];

it('kube-vip is the same in the ClusterClass and in the flavour kube-vip', () => {
  const { kubeadmConfigSpec: flavour } = flavourSchema.parse(readYaml('templates/kube-vip/static-pod.yaml')).spec;
  const [{ value }] = classPatchSchema.parse(readYaml('clusterclass/kube-vip.yaml'));
  const [files, commands] = value.definitions[0].jsonPatches;
  let rendered = files.valueFrom.template;
  for (const [ofFlavour, ofClass] of variables) {
    expect(rendered).toContain(ofClass);
    const quoted = ofClass.includes('quote') && !ofFlavour.includes('"') ? `"${ofFlavour}"` : ofFlavour;
    rendered = rendered.replace(ofClass, quoted);
  }
  expect(parse(rendered)).toEqual(flavour.files);
  expect(commands.value).toEqual(flavour.preKubeadmCommands);
});
