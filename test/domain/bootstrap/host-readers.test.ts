import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { normaliseBootstrap, userDataLimitBytes } from '../../../domain/bootstrap/cloud-init.ts';
import { metaDataOf } from '../../support/host-meta-data.ts';

const read = (userData: string | Uint8Array) => normaliseBootstrap({ userData, metaData: metaDataOf() });

function messageOf(userData: string | Uint8Array): string {
  const result = read(userData);
  return result.kind === 'invalid' ? result.message : result.kind;
}

function textOf(userData: string | Uint8Array): string {
  const result = read(userData);
  if (result.kind !== 'normalised') throw new Error(JSON.stringify(result));
  expect(read(result.userData)).toEqual(result);
  return result.userData;
}

describe('what PyYAML refuses', () => {
  it.each([
    ['a:\t1', 'a tab outside of a string'],
    ['a: 1\t# c', 'a tab outside of a string'],
    ['a: !x 1', 'a tag'],
    ['a: !!python/name:x 1', 'a tag'],
    ['a: &a 1\nb: &a 2', 'an anchor that stands there twice'],
    ['a: &a.b 1', 'the name of an anchor'],
    ['? a\n: x\n? [a]', 'a key that is a list or mapping'],
    ['a: &a [1]\n*a : b', 'a key that is a list or mapping'],
    ['a: {{ b }}', 'a key that is a list or mapping'],
    ['a: 1\n: 2', 'a value without a key'],
    ['\uFEFFa: 1', 'a byte order mark'],
    ['a: =', 'a sign that has to be quoted'],
    ['a: 2026-02-30', 'a date that no calendar has'],
    ['a: !!int x', 'no number'],
    ['a: !!str [1]', 'a tag on a value of another kind'],
    ['a: !!map x', 'a tag on a value of another kind'],
    ['a: !!binary x', 'not base64'],
    ['<<: 1', 'a merge of what is no mapping'],
    [`a: ${'['.repeat(160)}${']'.repeat(160)}`, 'nested deeper than 150 levels'],
  ])('is refused with the line: %s', (body, fault) => {
    const lines = body.split('\n').length;
    expect(messageOf(`#cloud-config\n${body}\n`)).toBe(
      `user-data: line ${lines + 1}: ${fault}, which the host's YAML reader refuses`,
    );
  });

  it.each(['\u0085', '\u2028', '\u2029', '\r'])('or reads as the end of a line: %j', (char) => {
    expect(messageOf(`#cloud-config\na: 1\n# ${char}b: 2\n`)).toBe(
      "user-data: line 3: a character that the host's YAML reader takes for the end of a line",
    );
  });

  it.each([
    'a: "\t"',
    "a: 'x\ty'",
    'a: |\n  x\n  \ty',
    '# \t',
    'a: !!str 1',
    'a: ! 1',
    'a: &a 1\nb: *a',
    'a: 2024-02-29',
    'a: !!binary aGk=',
    'a: "="',
    '? a\n: b',
    'a: yes',
    'a: 0o17',
  ])('other things pass: %j', (body) => {
    expect(textOf(`#cloud-config\n${body}\n`)).toContain(body);
  });
});

describe('packed user-data', () => {
  const plain = '#cloud-config\na: 1\n';

  it('is unpacked, as cloud-init does', () => {
    expect(textOf(gzipSync(plain))).toBe('#cloud-config\nhostname: "n1"\nfqdn: "n1"\na: 1\n');
    expect(textOf(Buffer.from(plain))).toBe(textOf(plain));
  });

  it('is refused when it is broken, binary, or too much', () => {
    expect(messageOf(gzipSync(plain).subarray(0, 20))).toBe('user-data: not gzip');
    expect(messageOf(gzipSync(Buffer.alloc(userDataLimitBytes + 1)))).toBe('user-data: unpacks to too many bytes');
    expect(messageOf(Buffer.from([0x23, 0xff]))).toBe('user-data: not UTF-8 text');
  });
});

describe('a file of kubeadm', () => {
  const file = (content: string, path = '/k') =>
    `#cloud-config\nhostname: "n1"\nfqdn: "n1"\nwrite_files: [{path: ${path}, content: ${JSON.stringify(content)}}]\nruncmd: ["kubeadm join --config /run/k.yaml"]\n`;
  const socket = 'criSocket: "unix:///var/run/containerd/containerd.sock"';

  it.each([
    ['anchored', 'apiVersion: &v kubeadm.k8s.io/v1beta3\nkind: JoinConfiguration\n'],
    ['quoted', '"apiVersion": \'kubeadm.k8s.io/v1beta3\'\n"kind": "JoinConfiguration"\n'],
    ['tagged', 'apiVersion: !!str kubeadm.k8s.io/v1beta3\nkind: !!str JoinConfiguration\n'],
    ['escaped', 'apiVersion: "kube\\x61dm.k8s.io/v1beta3"\nkind: JoinConfiguration\n'],
    ['through an alias', 'kind: &k JoinConfiguration\nother: *k\napiVersion: kubeadm.k8s.io/v1beta3\n'],
    ['in braces', '{"apiVersion": "kubeadm.k8s.io/v1beta3", "kind": "JoinConfiguration"}\n'],
  ])('is what YAML says, %s', (_, content) => {
    expect(textOf(file(content))).toContain('baremetal:///n1');
  });

  it.each([
    [
      'a script that is sourced',
      'f() {\n cat <<EOF\napiVersion: kubeadm.k8s.io/v1beta4\nkind: JoinConfiguration\nEOF\n}\n',
    ],
    ['a template', 'apiVersion: kubeadm.k8s.io/v1beta4\nkind: JoinConfiguration\n{{- if .Taints }}\n{{- end }}\n'],
    ['prose', 'see kubeadm.k8s.io and the JoinConfiguration: "\\q"\n'],
    ['another kind', 'apiVersion: kubeadm.k8s.io/v1beta4\nkind: ResetConfiguration\n'],
    ['another group', 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: JoinConfiguration\n'],
  ])('is not what only mentions it: %s', (_, content) => {
    expect(textOf(file(content))).toBe(file(content));
  });

  it('that kubeadm is told to read has to be YAML', () => {
    const broken = 'apiVersion: kubeadm.k8s.io/v1beta4\nkind: JoinConfiguration\n"\n';
    expect(textOf(file(broken))).toBe(file(broken));
    expect(messageOf(file(broken, '/run/k.yaml'))).toMatch(
      /^user-data: write_files\[0\]\.content: not valid YAML at line/,
    );
  });

  it('gets its provider id where an alias stands', () => {
    const map =
      'apiVersion: kubeadm.k8s.io/v1beta3\nkind: InitConfiguration\nx: &a {v: "2"}\nnodeRegistration:\n  kubeletExtraArgs: *a\n';
    expect(textOf(file(map))).toContain(
      JSON.stringify(
        map.replace('*a', '{"v":"2","provider-id":"baremetal:///n1"}').replace('  kubelet', `  ${socket}\n  kubelet`),
      ),
    );
    const list =
      'apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\nx: &p other\nnodeRegistration:\n  kubeletExtraArgs:\n  - name: provider-id\n    value: *p\n';
    expect(textOf(file(list))).toContain(
      JSON.stringify(list.replace('*p', '"baremetal:///n1"').replace('  kubelet', `  ${socket}\n  kubelet`)),
    );
  });

  it('sets what an alias names or stands for, and nothing else that it does', () => {
    const socketed = (document: string) => document.replace('  kubelet', `  ${socket}\n  kubelet`);
    const byName =
      'apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\nx: &p provider-id\nnodeRegistration:\n  kubeletExtraArgs:\n  - name: *p\n    value: aws:///x\n';
    expect(textOf(file(byName))).toContain(JSON.stringify(socketed(byName.replace('aws:///x', '"baremetal:///n1"'))));
    const bySocket =
      'apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\nx: &s ""\nnodeRegistration: {criSocket: *s, kubeletExtraArgs: [{name: provider-id, value: "baremetal:///n1"}]}\n';
    expect(textOf(file(bySocket))).toContain(
      JSON.stringify(bySocket.replace('*s', '"unix:///var/run/containerd/containerd.sock"')),
    );
    const anchored =
      'apiVersion: kubeadm.k8s.io/v1beta3\nkind: InitConfiguration\nnodeRegistration:\n  kubeletExtraArgs: &a {v: "2"}\nx: *a\n';
    expect(messageOf(file(anchored))).toMatch(
      /^user-data: write_files\[0\]\.content: the document cannot be changed without touching other values/,
    );
    const whole =
      'apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\nx: &r {name: fixed}\nnodeRegistration: *r\n';
    expect(messageOf(file(whole))).toMatch(
      /^user-data: write_files\[0\]\.content: document 1: nodeRegistration is given through an alias/,
    );
  });

  it.each<[string, string | undefined, string | undefined, string?]>([
    ['no name', undefined, 'n1'],
    ['an empty one', 'name: ""', 'n1'],
    ['null', 'name: ~', 'n1'],
    ['an expression for the host name', "name: '{{ ds.meta_data.local_hostname }}'", 'n1'],
    ['a fixed one', 'name: my-own-name', 'my-own-name'],
    ['one that kubeadm spells otherwise', 'name: " My-Own.Name "', 'my-own.name'],
    ['one through an alias', 'name: *x', 'through-alias'],
    ['another expression', "name: '{{ ds.meta_data.name }}-x'", undefined],
    ['what is no name', 'name: [a]', undefined],
    ['two that disagree', 'name: a', undefined, 'name: b'],
    ['two that agree', 'name: a', 'a', 'name: A'],
  ])('says as what the host registers: %s', (_, name, expected, second) => {
    const document = (line = '') =>
      `apiVersion: kubeadm.k8s.io/v1beta4\nkind: JoinConfiguration\nx: &x through-alias\nnodeRegistration:\n  taints: []\n  ${line}\n`;
    const content = document(name) + (second === undefined ? '' : `---\n${document(second)}`);
    const userData = `## template: jinja\n${file(content)}`;
    expect(read(userData)).toMatchObject({ kind: 'normalised', nodeName: expected });
  });

  it('of more than 256 KiB is refused', () => {
    const content = `apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\nx: ${'y'.repeat(256 * 1024)}\n`;
    expect(messageOf(file(content))).toBe('user-data: write_files[0].content: a kubeadm file of more than 256 KiB');
  });
});
