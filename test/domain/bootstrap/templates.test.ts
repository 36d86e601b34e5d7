import { describe, expect, it } from 'vitest';
import { normaliseBootstrap } from '../../../domain/bootstrap/cloud-init.ts';
import { metaDataOf } from '../../support/host-meta-data.ts';

const header = '## template: jinja\n#cloud-config\n';
const ours = 'hostname: "n1"\nfqdn: "n1"\n';

const read = (userData: string) => normaliseBootstrap({ userData, metaData: metaDataOf() });

function normalise(userData: string): string {
  const result = read(userData);
  if (result.kind !== 'normalised') throw new Error(JSON.stringify(result));
  expect(read(result.userData)).toEqual(result);
  return result.userData;
}

function refuse(body: string): string {
  const result = read(header + body);
  if (result.kind !== 'invalid') throw new Error(`not refused: ${result.kind}`);
  return result.message;
}

describe('a template', () => {
  it.each([
    ["a: '{{ ds.meta_data.name }} {{ ds.meta_data.uuid }} {{ ds.meta_data.pool }} {{ ds.meta_data.cluster }}'"],
    ['a: {{ ds.meta_data.providerid }}'],
    ['a: \'{{ ds.meta_data["local-hostname"] }} {{ ds["meta_data"].provider_id }}\''],
    ['a: \'{{ ds.meta_data.labels.rack }} {{ ds.meta_data.labels["topology.kubernetes.io/zone"] }}\''],
    ['a: {{ ds.meta_data.labels.topology_kubernetes_io_zone }}'],
    ['a: {{ v1.local_hostname }} {{ v1["instance-id"] }} {{ local_hostname }}'],
    ['a: {{ ds.meta_data.rack | default("none") }}'],
    ["a: '{% if ds.meta_data.rack is defined %}{{ ds.meta_data.rack }}{% endif %}'"],
    ["a: '{% for n in [1, 2] %}{{ n }}{{ loop.index }}{% endfor %}'"],
    ['a: \'{% set n = v1.region or "x" %}{{ n[:2] ~ "-" ~ n|upper }}\''],
    ['a: \'{{ ds.meta_data.name.startswith("n") if v1.region is not none else {"k": {}} }}\''],
    ["a: '{% raw %}{{ .PodSubnet }}{% endraw %}'"],
    ['a: 1 {# {{ .PodSubnet }} #}'],
  ])('keeps what cloud-init can render: %s', (line) => {
    expect(normalise(`${header}${line}\n`)).toBe(`${header}${ours}${line}\n`);
  });

  it.each([
    [
      "a: 1\nb: '{{ ds.meta_data.rack }}'",
      /^user-data: line 4: .* ds\.meta_data\.rack, which cloud-init will not know/,
    ],
    ["a: '{{ ds.meta_data.labels.row }}'", /^user-data: line 3: .* ds\.meta_data\.labels\.row,/],
    ["a: '{{ v1.rack }}'", /^user-data: line 3: .* v1\.rack,/],
    ["a: '{{ ds.metadata.name }}'", /^user-data: line 3: .* ds\.metadata,/],
    ["a: '{{ rack }}'", /^user-data: line 3: .* reads rack,/],
    ["a: '{{ .PodSubnet }}'", /^user-data: line 3: the template does not parse: not an expression$/],
    ['a: 1\n# {{ s3cret s3cret }}', /^user-data: line 4: the template does not parse: does not end where it should$/],
    ["a: '{{ }}'", /line 3: the template does not parse: expected an expression$/],
    ["a: 'echo ${#array[@]}'", /line 3: .*begins a comment of the template that does not end$/],
    ["a: '{{ name'", /line 3: the template does not parse: /],
    ["a: '{% if v1.region %}'", /line 3: the template does not parse: if does not end$/],
    ["a: '{% endif %}'", /line 3: the template does not parse: endif ends nothing$/],
    ['a: \'{% include "x" %}\'', /line 3: .* a statement that cloud-init does not have$/],
    ["a: '{{ v1.region | b64encode }}'", /line 3: .* a filter that jinja does not have$/],
    ["a: '{% raw %}{{'", /line 3: the template does not parse: raw does not end$/],
  ])('is refused with the place and no content: %s', (body, message) => {
    expect(refuse(`${body}\n`)).toMatch(message);
    expect(refuse(`${body}\n`)).not.toContain('s3cret');
    // Nobody renders it without the header.
    expect(read(`#cloud-config\n${body}\n`).kind).toBe('normalised');
  });

  it.each([
    ['comment', '{# hostname: x #}\n{# more\n#}\na: 1\n', `{# hostname: x #}\n{# more\n#}\n${ours}a: 1\n`],
    [
      'conditional first',
      '{% if v1.region %}\na: 1\n{% else %}\na: 2\n{% endif %}\nb: 3\n',
      `{% if v1.region %}\na: 1\n{% else %}\na: 2\n{% endif %}\n${ours}b: 3\n`,
    ],
    ['statement between the headers', '', ours],
    ['nothing but a conditional', '{% if v1.region %}{% endif %}\n', `{% if v1.region %}{% endif %}\n${ours}`],
  ])('gets our fields where they are always rendered: %s', (_, body, result) => {
    expect(normalise(header + body)).toBe(header + result);
  });

  it.each([
    ['{% if v1.region %}\na: 1\n{% endif %}\n', 'top level.hostname: stands in a block of the template'],
    ['a: 1\n{% if v1.region %}\nhostname: n1\n{% endif %}\n', 'top level.hostname: stands in a block of the template'],
    [
      '{% for x in [1, 2] %}\na: &a 1\n{% endfor %}\nb: 2\n',
      'user-data as the template renders: line 3: an anchor that stands there twice',
    ],
    ['a: 1\n  {% if v1.region %}\nb: 2\n{% endif %}\n', 'user-data as the template renders: not valid YAML'],
  ])('is refused where a block decides about our fields, or about YAML: %s', (body, message) => {
    expect(refuse(body)).toContain(message);
  });

  it('in a kubeadm file keeps its blocks, and gets the provider id outside of them', () => {
    const file = (content: string) => `${header}${ours}write_files:\n- path: /k\n  content: |\n${content}`;
    const kubeadm = `    apiVersion: kubeadm.k8s.io/v1beta3
    kind: JoinConfiguration
    nodeRegistration:
    {% if v1.region %}
      taints: []
    {% endif %}
      name: "{{ ds.meta_data.local_hostname }}"
      kubeletExtraArgs:
        a: '{{ ds.meta_data["name"] }}'
`;
    expect(normalise(file(kubeadm))).toBe(
      file(
        kubeadm
          .replace(
            '      name: "{{ ds.meta_data.local_hostname }}"',
            `      criSocket: "unix:///var/run/containerd/containerd.sock"\n      name: "n1"`,
          )
          .replace('        a:', '        provider-id: "baremetal:///n1"\n        a:'),
      ),
    );
  });
});
