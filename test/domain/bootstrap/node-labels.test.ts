import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { z } from 'zod';
import { normaliseBootstrap } from '../../../domain/bootstrap/cloud-init.ts';
import { anyUserData } from '../../support/bootstrap-arbitrary.ts';
import { metaDataOf } from '../../support/host-meta-data.ts';

const zone = 'topology.kubernetes.io/zone=east';
const provider = {
  v3: '    provider-id: "baremetal:///n1"\n',
  v4: '    - name: "provider-id"\n      value: "baremetal:///n1"\n',
};

function read(userData: string, failureDomain?: string): string {
  const result = normaliseBootstrap({ userData, metaData: metaDataOf(), failureDomain });
  if (result.kind !== 'normalised') throw new Error(JSON.stringify(result));
  return result.userData;
}

const cloudConfig = z.object({ write_files: z.tuple([z.object({ content: z.string() })]) });

/** The arguments of the kubelet in a kubeadm file after normalisation, which is the same the second time. */
function argumentsOf(args: string, version: 'v1beta3' | 'v1beta4', header = '#cloud-config\n'): string {
  const content = `apiVersion: kubeadm.k8s.io/${version}\nkind: JoinConfiguration\nnodeRegistration:\n  criSocket: unix:///x\n${args}`;
  const userData = `${header}${stringify({ write_files: [{ path: '/k', content }] }, { lineWidth: 0, blockQuote: 'literal' })}`;
  const once = read(userData, 'east');
  expect(read(once, 'east')).toBe(once);
  const written = cloudConfig.parse(parse(once)).write_files[0].content;
  return written.slice(written.indexOf('unix:///x\n') + 'unix:///x\n'.length);
}

describe('the failure domain in the labels of a node', () => {
  it.each(['v1beta3', 'v1beta4'])('stands there though there are no arguments: %s', (version) => {
    const content = `apiVersion: kubeadm.k8s.io/${version}\nkind: InitConfiguration\n`;
    const once = read(`#cloud-config\n${stringify({ write_files: [{ path: '/k', content }] })}`, 'east');
    const document: unknown = parse(cloudConfig.parse(parse(once)).write_files[0].content);
    const all = { 'provider-id': 'baremetal:///n1', 'node-labels': zone };
    const kubeletExtraArgs =
      version === 'v1beta3' ? all : Object.entries(all).map(([name, value]) => ({ name, value }));
    expect(document).toMatchObject({ nodeRegistration: { kubeletExtraArgs } });
  });

  it.each<[string, 'v1beta3' | 'v1beta4', string, string]>([
    [
      'other arguments',
      'v1beta3',
      '  kubeletExtraArgs:\n    v: "2" # loud\n',
      `  kubeletExtraArgs:\n${provider.v3}    node-labels: "${zone}"\n    v: "2" # loud\n`,
    ],
    [
      'other labels',
      'v1beta3',
      '  kubeletExtraArgs:\n    node-labels: a=b,c= # mine\n',
      `  kubeletExtraArgs:\n${provider.v3}    node-labels: "${zone},a=b,c=" # mine\n`,
    ],
    [
      'labels without a value',
      'v1beta3',
      '  kubeletExtraArgs:\n    node-labels:\n',
      `  kubeletExtraArgs:\n${provider.v3}    node-labels: "${zone}"\n`,
    ],
    [
      'braces',
      'v1beta3',
      '  kubeletExtraArgs: {v: "2"}\n',
      `  kubeletExtraArgs: {"provider-id": "baremetal:///n1", "node-labels": "${zone}", v: "2"}\n`,
    ],
    [
      'other arguments',
      'v1beta4',
      '  kubeletExtraArgs:\n    - name: v\n      value: "2"\n',
      `  kubeletExtraArgs:\n${provider.v4}    - name: "node-labels"\n      value: "${zone}"\n    - name: v\n      value: "2"\n`,
    ],
    [
      'other labels',
      'v1beta4',
      '  kubeletExtraArgs:\n    - name: node-labels\n      value: a=b\n',
      `  kubeletExtraArgs:\n${provider.v4}    - name: node-labels\n      value: "${zone},a=b"\n`,
    ],
    [
      'brackets',
      'v1beta4',
      '  kubeletExtraArgs: [{name: node-labels, value: a=b}]\n',
      `  kubeletExtraArgs: [{"name":"provider-id","value":"baremetal:///n1"}, {name: node-labels, value: "${zone},a=b"}]\n`,
    ],
    [
      'empty brackets',
      'v1beta4',
      '  kubeletExtraArgs: []\n',
      `  kubeletExtraArgs: [{"name":"provider-id","value":"baremetal:///n1"}, {"name":"node-labels","value":"${zone}"}]\n`,
    ],
  ])('is added to %s, %s', (_, version, before, after) => {
    expect(argumentsOf(before, version)).toBe(after);
  });

  it.each([
    'topology.kubernetes.io/zone=mine',
    'a=b, topology.kubernetes.io/zone=mine,c=d',
    'topology.kubernetes.io/zone=',
    'topology.kubernetes.io/zone',
  ])('is left as somebody else set it: %s', (labels) => {
    expect(argumentsOf(`  kubeletExtraArgs:\n    node-labels: "${labels}"\n`, 'v1beta3')).toBe(
      `  kubeletExtraArgs:\n${provider.v3}    node-labels: "${labels}"\n`,
    );
    const second = `    - name: node-labels\n      value: a=b\n    - name: node-labels\n      value: "${labels}"\n`;
    expect(argumentsOf(`  kubeletExtraArgs:\n${second}`, 'v1beta4')).toBe(
      `  kubeletExtraArgs:\n${provider.v4}${second}`,
    );
  });

  it('goes before what a template renders, and not to where it renders it or not', () => {
    const jinja = '## template: jinja\n#cloud-config\n';
    const rendered = '{{ ds.meta_data.labels["rack"] }}';
    expect(argumentsOf(`  kubeletExtraArgs:\n    node-labels: 'x=${rendered}'\n`, 'v1beta3', jinja)).toBe(
      `  kubeletExtraArgs:\n${provider.v3}    node-labels: "${zone},x=${rendered}"\n`,
    );
    const own = '    node-labels: topology.kubernetes.io/zone={{ ds.meta_data.labels["rack"] }}\n';
    expect(argumentsOf(`  kubeletExtraArgs:\n${own}`, 'v1beta3', jinja)).toBe(
      `  kubeletExtraArgs:\n${provider.v3}${own}`,
    );
    const either = '    v: "2"\n    {% if ds.meta_data.pool %}\n    node-labels: a=b\n    {% endif %}\n';
    expect(argumentsOf(`  kubeletExtraArgs:\n${either}`, 'v1beta3', jinja)).toBe(
      `  kubeletExtraArgs:\n${provider.v3}${either}`,
    );
  });

  it('replaces what an alias stands for where it stands', () => {
    const shared = 'x: &mine\n  node-labels: a=b\n';
    const content = `apiVersion: kubeadm.k8s.io/v1beta3\nkind: JoinConfiguration\n${shared}nodeRegistration:\n  kubeletExtraArgs: *mine\n`;
    const once = read(`#cloud-config\n${stringify({ write_files: [{ path: '/k', content }] })}`, 'east');
    const document: unknown = parse(cloudConfig.parse(parse(once)).write_files[0].content);
    expect(document).toMatchObject({
      x: { 'node-labels': 'a=b' },
      nodeRegistration: { kubeletExtraArgs: { 'provider-id': 'baremetal:///n1', 'node-labels': `${zone},a=b` } },
    });
  });

  it('changes nothing without one, and nothing else with one', () => {
    const withoutLabels = (text: string): unknown => {
      const files = z.looseObject({
        write_files: z.array(z.looseObject({ content: z.unknown(), encoding: z.unknown() })),
      });
      const parsed = files.safeParse(parse(text, { version: '1.1' }));
      const plain = parsed.data?.write_files.every(({ encoding }) => encoding === undefined || encoding === '');
      if (parsed.data === undefined || plain !== true) return 'packed';
      const contents = parsed.data.write_files.map(({ content }) =>
        typeof content === 'string'
          ? parseAllDocuments(content).map((document) =>
              JSON.stringify(document.toJS()).replaceAll(
                /,?"node-labels":"topology[^"]*"|,?\{"name":"node-labels","value":"topology[^"]*"\}/g,
                '',
              ),
            )
          : content,
      );
      return { ...parsed.data, write_files: contents };
    };
    fc.assert(
      fc.property(anyUserData, (userData) => {
        const [bare, named] = [undefined, 'east'].map((failureDomain) =>
          normaliseBootstrap({ userData, metaData: metaDataOf(), failureDomain }),
        );
        expect(named?.kind).toBe(bare?.kind);
        if (bare?.kind !== 'normalised' || named?.kind !== 'normalised') return;
        expect(read(named.userData, 'east')).toBe(named.userData);
        expect(withoutLabels(named.userData)).toEqual(withoutLabels(bare.userData));
      }),
      { numRuns: 40 },
    );
  });

  it('is refused when it is no value of a label', () => {
    const result = normaliseBootstrap({ userData: '#cloud-config\n', metaData: metaDataOf(), failureDomain: 'a,b=c' });
    expect(result).toEqual({ kind: 'invalid', message: 'the failure domain of the host is no value of a label' });
  });
});
