import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { type BootstrapInput, normaliseBootstrap, userDataLimitBytes } from '../../../domain/bootstrap/cloud-init.ts';
import { metaDataOf } from '../../support/host-meta-data.ts';

const names = { hostname: 'rack-1', providerID: 'baremetal:///host-1' };

function read(userData: string, more: Partial<BootstrapInput & typeof names> = {}) {
  const { hostname, providerID, ...rest } = { ...names, ...more };
  const metaData = metaDataOf(hostname, providerID);
  return normaliseBootstrap({ userData, metaData, ...rest });
}

function normalise(userData: string, more: Parameters<typeof read>[1] = {}): string {
  const result = read(userData, more);
  if (result.kind !== 'normalised') throw new Error(JSON.stringify(result));
  return result.userData;
}

function refuse(userData: string, more: Parameters<typeof read>[1] = {}): string {
  const result = read(userData, more);
  if (result.kind !== 'invalid') throw new Error(`not refused: ${result.kind}`);
  return result.message;
}

const joinV3 = `---
apiVersion: kubeadm.k8s.io/v1beta3
kind: JoinConfiguration
discovery: # how to find the cluster
  bootstrapToken:
    token: abcdef.0123456789abcdef
nodeRegistration:
  name: '{{ ds.meta_data.local_hostname }}'
  kubeletExtraArgs:
    node-labels: "a=b"
  taints: []
`;

const noHeader = 'user-data: line 1 is not #cloud-config, nor ## template: jinja with #cloud-config below';

const capiData = `## template: jinja
#cloud-config

write_files:
-   path: /etc/kubernetes/pki/ca.crt
    owner: root:root
    permissions: '0640'
    content: |
      -----BEGIN CERTIFICATE-----
      { not yaml: [
      -----END CERTIFICATE-----
-   path: /run/kubeadm/kubeadm-join-config.yaml
    content: |
${joinV3.replaceAll(/^(?=.)/gm, '      ')}
runcmd:
  - 'kubeadm join --config /run/kubeadm/kubeadm-join-config.yaml  && echo success > /run/cluster-api/bootstrap-success.complete'
# the end, without a newline`;

const joinV3Normalised = `---
apiVersion: kubeadm.k8s.io/v1beta3
kind: JoinConfiguration
discovery: # how to find the cluster
  bootstrapToken:
    token: abcdef.0123456789abcdef
nodeRegistration:
  criSocket: "unix:///var/run/containerd/containerd.sock"
  name: "rack-1"
  kubeletExtraArgs:
    provider-id: "baremetal:///host-1"
    node-labels: "a=b"
  taints: []
`;

const fileWith = (content: string, encoding?: string): string =>
  `#cloud-config\n${stringify({ write_files: [{ path: '/k', ...(encoding && { encoding }), content }] }, { lineWidth: 0 })}`;

const cloudConfig = z.object({ write_files: z.tuple([z.object({ content: z.string() })]) });
const mapping = z.record(z.string(), z.unknown());

function contentOf(userData: string): string {
  return cloudConfig.parse(parse(userData)).write_files[0].content;
}

describe('normaliseBootstrap', () => {
  it('changes only the named fields of what CAPI generates', () => {
    const expected = capiData
      .replace('write_files:', 'hostname: "rack-1"\nfqdn: "rack-1"\nwrite_files:')
      .replace(joinV3.replaceAll(/^(?=.)/gm, '      '), joinV3Normalised.replaceAll(/^(?=.)/gm, '      '));
    expect(normalise(capiData)).toBe(expected);
  });

  it('answers with the sha256 of the result', () => {
    const result = read('#cloud-config\n');
    expect(result).toEqual({
      kind: 'normalised',
      userData: '#cloud-config\nhostname: "rack-1"\nfqdn: "rack-1"\n',
      hash: '83beb75860d5b2baba142414a41d08d4d10ec001728d7d7582c58a41911ecc31',
      nodeName: 'rack-1',
    });
  });

  it.each([
    [
      'plain',
      '#cloud-config\nhostname: old # why\nfqdn: old.x\na: 1\n',
      '#cloud-config\nhostname: "rack-1" # why\nfqdn: "rack-1"\na: 1\n',
    ],
    [
      'right already',
      "#cloud-config\nfqdn: rack-1\nhostname: 'rack-1'\n",
      "#cloud-config\nfqdn: rack-1\nhostname: 'rack-1'\n",
    ],
    [
      'empty value',
      '#cloud-config\nhostname: # todo\nfqdn:\n',
      '#cloud-config\nhostname: "rack-1" # todo\nfqdn: "rack-1"\n',
    ],
    [
      'block value',
      '#cloud-config\nhostname: |\n  old\nfqdn: >-\n  old\nz: 1\n',
      '#cloud-config\nhostname: "rack-1"\nfqdn: "rack-1"\nz: 1\n',
    ],
    ['braces', '#cloud-config\n{"a": 1}\n', '#cloud-config\n{"hostname": "rack-1", "fqdn": "rack-1", "a": 1}\n'],
    ['empty braces', '#cloud-config\n{}\n', '#cloud-config\n{"hostname": "rack-1", "fqdn": "rack-1"}\n'],
    ['no newline at all', '#cloud-config', '#cloud-config\nhostname: "rack-1"\nfqdn: "rack-1"\n'],
    [
      'unquoted jinja elsewhere',
      '## template: jinja\n#cloud-config\na: {{ v1.region }}\n',
      '## template: jinja\n#cloud-config\nhostname: "rack-1"\nfqdn: "rack-1"\na: {{ v1.region }}\n',
    ],
    ['carriage returns', '#cloud-config\r\na: 1\r\n', '#cloud-config\r\nhostname: "rack-1"\nfqdn: "rack-1"\na: 1\r\n'],
  ])('sets hostname and fqdn: %s', (_, before, after) => {
    expect(normalise(before)).toBe(after);
    expect(normalise(after)).toBe(after);
  });

  it('quotes a hostname that YAML 1.1 would take for something else', () => {
    expect(normalise('#cloud-config\nhostname: on\nfqdn: on\n', { hostname: 'on' })).toBe(
      '#cloud-config\nhostname: "on"\nfqdn: "on"\n',
    );
    expect(normalise('#cloud-config\n', { hostname: '123' })).toContain('hostname: "123"');
  });

  it.each([
    [
      'b64',
      (text: string) => Buffer.from(text).toString('base64'),
      (text: string) => Buffer.from(text, 'base64').toString(),
    ],
    [
      'base64',
      (text: string) => Buffer.from(text).toString('base64'),
      (text: string) => Buffer.from(text, 'base64').toString(),
    ],
    [
      'gz+b64',
      (text: string) => gzipSync(text).toString('base64'),
      (text: string) => gunzipSync(Buffer.from(text, 'base64')).toString(),
    ],
    [
      'gzip+base64',
      (text: string) => gzipSync(text).toString('base64'),
      (text: string) => gunzipSync(Buffer.from(text, 'base64')).toString(),
    ],
    [
      'GZ+BASE64',
      (text: string) => gzipSync(text).toString('base64'),
      (text: string) => gunzipSync(Buffer.from(text, 'base64')).toString(),
    ],
    ['text/plain', (text: string) => text, (text: string) => text],
  ])('reads and writes kubeadm documents encoded as %s', (encoding, encode, decode) => {
    const result = normalise(fileWith(encode(joinV3), encoding));
    expect(decode(contentOf(result))).toBe(joinV3Normalised);
    expect(normalise(result)).toBe(result);
  });

  it('leaves files alone that only look like kubeadm, or are no text', () => {
    const script = '#!/bin/sh\ncat <<E\napiVersion: kubeadm.k8s.io/v1beta9\nkind: JoinConfiguration\n: [\nE\n';
    expect(contentOf(normalise(fileWith(script)))).toBe(script);
    const binary = Buffer.from([0xff, 0xfe, 0x00]).toString('base64');
    expect(contentOf(normalise(fileWith(binary, 'b64')))).toBe(binary);
  });

  it.each([
    ['quoted', `write_files: [{path: /k, content: ${JSON.stringify(joinV3)}}]`],
    ['folded', `write_files:\n- content: >\n${joinV3.replaceAll('\n', '\n\n').replaceAll(/^(?=.)/gm, '    ')}`],
    ['literal with indicator', `write_files:\n- content: |2-\n${joinV3.trimEnd().replaceAll(/^(?=.)/gm, '    ')}`],
  ])('normalises a kubeadm document in a %s string', (_, text) => {
    const source = `#cloud-config\n${text}\n`;
    const result = normalise(source);
    const before: unknown = parse(contentOf(source));
    const after: unknown = parse(contentOf(result));
    expect(after).toEqual({
      ...mapping.parse(before),
      nodeRegistration: {
        criSocket: 'unix:///var/run/containerd/containerd.sock',
        name: 'rack-1',
        kubeletExtraArgs: { 'provider-id': names.providerID, 'node-labels': 'a=b' },
        taints: [],
      },
    });
    expect(normalise(result)).toBe(result);
  });

  it('takes no longer for a file of braces than for another', () => {
    // Once for each brace it would look at all that follow: minutes.
    const source = (braces: string) => `## template: jinja\n#cloud-config\nx: '${braces}'\n`;
    expect(normalise(source('{ '.repeat(200_000)))).toContain('rack-1');
    expect(refuse(source('{'.repeat(200_000)))).toMatch(/^user-data: line 3: the template does not parse: /);
  });

  it('keeps aliases that stand for little', () => {
    const result = normalise('#cloud-config\na: &a [1, 2]\nb: *a\nc: [*a, *a]\n');
    expect(result).toContain('a: &a [1, 2]\nb: *a\nc: [*a, *a]\n');
  });

  it.each([
    ['no header', 'hostname: x\n', noHeader],
    ['mako', '## template: mako\n#cloud-config\na: 1\n', noHeader],
    ['header without its blank', '##template: jinja\n#cloud-config\na: 1\n', noHeader],
    [
      'byte order mark',
      '\uFEFF#cloud-config\na: 1\n',
      'user-data: line 1 begins with a byte order mark, which cloud-init does not take',
    ],
    [
      'branch in front',
      '## template: jinja\n#cloud-config\n#{% if v1.region %}\na: 1\n#{% endif %}\n',
      'user-data: top level.hostname: stands in a block of the template, and has to be set whatever that renders',
    ],
    [
      'aliases',
      `#cloud-config\na: &a [${'{}, '.repeat(4_000)}]\nb: [${'*a, '.repeat(100)}]\n`,
      'user-data: too many or broken aliases',
    ],
    ['archive', '#cloud-config-archive\n[]\n', noHeader],
    [
      'MIME',
      'Content-Type: multipart/mixed\n\n',
      'user-data: MIME multi-part data is not supported, only cloud-config',
    ],
    ['list', '#cloud-config\n- secret\n', 'user-data: the top level is not a mapping'],
    ['two documents', '#cloud-config\na: 1\n---\nb: 1\n', 'user-data: more than one YAML document'],
    [
      'jinja statement',
      '## template: jinja\n#cloud-config\na: s3cret\n{% if v1.region %}\n  b: 1\n{% endif %}\n',
      'user-data as the template renders: not valid YAML at line 2, column 4 (BLOCK_AS_IMPLICIT_KEY)',
    ],
    ['twice', '#cloud-config\nhostname: a\nhostname: b\n', 'user-data: top level: the key hostname stands there twice'],
    [
      'merge',
      '#cloud-config\nx: &x {hostname: a}\n<<: *x\n',
      'user-data: top level: merge keys (<<) are not supported here',
    ],
    ['write_files', '#cloud-config\nwrite_files: {a: 1}\n', 'user-data: write_files is not a list'],
    [
      'anchor',
      '#cloud-config\nhostname: &h old\nmotd: *h\n',
      'user-data: the document cannot be changed without touching other values; write it without anchors and tags',
    ],
    ['base64', fileWith('s3cret!', 'b64'), 'user-data: write_files[0].content: not base64'],
    ['gzip', fileWith('c2VjcmV0', 'gz+b64'), 'user-data: write_files[0].content: not gzip'],
    [
      'cut gzip',
      fileWith(gzipSync('x'.repeat(99)).subarray(0, 15).toString('base64'), 'gz+b64'),
      'user-data: write_files[0].content: not gzip',
    ],
    [
      'version',
      fileWith(joinV3.replace('v1beta3', 'v1beta9')),
      'user-data: write_files[0].content: document 1: apiVersion is none of the kubeadm versions v1beta3 and v1beta4',
    ],
    [
      'inner YAML',
      fileWith(`${joinV3}---\n"s3cret\n`),
      'user-data: write_files[0].content: not valid YAML at line 14, column 1 (MISSING_CHAR)',
    ],
    [
      'list for map',
      fileWith(joinV3.replace('v1beta3', 'v1beta4')),
      'user-data: write_files[0].content: document 1: nodeRegistration.kubeletExtraArgs is not a list of name and value (v1beta4)',
    ],
    [
      'registration',
      fileWith('apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\nnodeRegistration: s3cret\n'),
      'user-data: write_files[0].content: document 1: nodeRegistration is not a mapping',
    ],
    [
      'jinja in quotes',
      `## template: jinja\n#cloud-config\nwrite_files: [{content: ${JSON.stringify(`${joinV3}x: '{{ a["b"] }}'\n`)}}]\n`,
      'user-data: line 3: the template does not parse: a character that no expression has',
    ],
    [
      'size',
      `#cloud-config\n# ${'x'.repeat(userDataLimitBytes)}\n`,
      'user-data: larger than 480 KiB, a plan Secret cannot hold it',
    ],
  ])('refuses with the place and no content: %s', (_, source, message) => {
    expect(refuse(source)).toBe(message);
  });

  it('refuses characters that cloud-init cannot read', () => {
    const message = 'user-data: line 3: a character that YAML does not allow';
    for (const bad of ['\u0000', '\u0007', '\u001B', '\u007F', '\uFFFF']) {
      expect(refuse(`#cloud-config\na: 1\nb: x${bad}y\n`)).toBe(message);
    }
    const good = '#cloud-config\na: "\tü\u{1F680}\u00A0"\r\n';
    expect(read(good).kind).toBe('normalised');
  });

  it('refuses hostile names, formats, bombs and nesting', () => {
    for (const hostname of ['', 'Rack', '-a', 'a.', 'a..b', 'a b', 'a\n', '"', 'x'.repeat(64)]) {
      expect(refuse('#cloud-config\n', { hostname })).toMatch(/^hostname: /);
    }
    expect(refuse('#cloud-config\n', { providerID: 'baremetal:///a"b' })).toBe(
      'providerID: not baremetal:///<inventory>',
    );
    expect(read('{}', { format: 'ignition' })).toEqual({
      kind: 'unsupportedFormat',
      format: 'ignition',
    });
    const bomb = gzipSync(Buffer.alloc(20 * 1024 * 1024)).toString('base64');
    expect(refuse(fileWith(bomb, 'gz+b64'))).toBe('user-data: write_files[0].content: unpacks to too many bytes');
    expect(refuse(`#cloud-config\na: ${'['.repeat(20_000)}`)).toMatch(/^user-data: /);
    const laughs = Array.from(
      { length: 12 },
      (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`,
    );
    expect(refuse(`#cloud-config\nl0: &l0 [lol]\n${laughs.join('\n')}\n`)).toBe(
      'user-data: too many or broken aliases',
    );
  });

  /** What neither jinja nor PyYAML takes for more than a text. */
  const text = fc.string().filter((value) => !/\{[{%#]|^(?:=|<<)$/.test(value));
  const scalar = fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null), fc.constant('{{ ds.meta_data.pool }}'));
  const values = fc.dictionary(
    fc.stringMatching(/^[a-z_]{3,8}$/),
    fc.oneof(scalar, fc.array(scalar, { maxLength: 3 }), fc.dictionary(text, scalar, { maxKeys: 3 })),
    { maxKeys: 5 },
  );
  const args = fc.dictionary(fc.stringMatching(/^[a-z-]{3,9}$/), text, { maxKeys: 3 });
  const kubeadm = fc.record({
    version: fc.constantFrom('v1beta3', 'v1beta4'),
    kind: fc.constantFrom('InitConfiguration', 'JoinConfiguration', 'ClusterConfiguration'),
    args: fc.option(args),
    more: values,
    registration: fc.option(
      fc.record({
        name: fc.constantFrom('fixed', '{{ v1.local_hostname }}', "{{ ds.meta_data['local_hostname'] }}"),
        criSocket: fc.constantFrom('', null, '/run/x.sock'),
        extra: values,
      }),
    ),
  });
  type Kubeadm = typeof kubeadm extends fc.Arbitrary<infer T> ? T : never;

  function kubeadmObject(k: Kubeadm, wanted: boolean): object {
    const touched = wanted && k.kind !== 'ClusterConfiguration';
    const map = { ...k.args, ...(touched && { 'provider-id': names.providerID }) };
    const list = Object.entries(k.args ?? {}).map(([name, value]) => ({ name, value }));
    if (touched && k.args?.['provider-id'] === undefined)
      list.unshift({ name: 'provider-id', value: names.providerID });
    const argsNow = k.version === 'v1beta3' ? map : list;
    const socket = 'unix:///var/run/containerd/containerd.sock';
    const own = k.registration && {
      ...k.registration.extra,
      name: touched && k.registration.name !== 'fixed' ? names.hostname : k.registration.name,
      criSocket: touched ? k.registration.criSocket || socket : k.registration.criSocket,
      ...((k.args || touched) && { kubeletExtraArgs: argsNow }),
    };
    const made = touched
      ? {
          criSocket: socket,
          kubeletExtraArgs:
            k.version === 'v1beta3'
              ? { 'provider-id': names.providerID }
              : [{ name: 'provider-id', value: names.providerID }],
        }
      : undefined;
    const registration = own ?? made;
    return {
      ...k.more,
      apiVersion: `kubeadm.k8s.io/${k.version}`,
      kind: k.kind,
      ...(registration && { nodeRegistration: registration }),
    };
  }

  const untouchedLines = (source: string): string[] =>
    source
      .split('\n')
      .filter(
        (line) =>
          !/^ *(?:- )?(?:hostname|fqdn|nodeRegistration|kubeletExtraArgs|name|value|provider-id|criSocket):/.test(line),
      );

  function expectSubsequence(lines: readonly string[], whole: readonly string[]): void {
    let at = -1;
    for (const line of lines) {
      at = whole.indexOf(line, at + 1);
      if (at < 0) throw new Error(`line is gone: ${line}`);
    }
  }

  it('changes nothing but the named fields, and nothing the second time', () => {
    const style = fc.record({ indent: fc.integer({ min: 2, max: 6 }), indentSeq: fc.boolean(), inFlow: fc.boolean() });
    fc.assert(
      fc.property(
        values,
        fc.array(kubeadm, { minLength: 1, maxLength: 3 }),
        style,
        fc.constantFrom('', 'b64', 'gz+b64'),
        (more, documents, { inFlow, ...layout }, encoding) => {
          // Our writer leaves these unquoted within brackets, and the host refuses them.
          fc.pre(!inFlow || !/\?|[[,:{]":/.test(JSON.stringify([more, documents])));
          const write = (value: unknown): string =>
            stringify(value, { ...layout, lineWidth: 0, ...(inFlow && { collectionStyle: 'flow' }) });
          const inner = documents.map((k) => `# kept\n${write(kubeadmObject(k, false))}`).join('---\n');
          const bytes = encoding === 'b64' ? Buffer.from(inner) : gzipSync(inner);
          const content = encoding === '' ? inner : bytes.toString('base64');
          const source = `${inFlow ? '' : '## template: jinja\n'}#cloud-config\n${write({ ...more, write_files: [{ path: '/k', encoding, content }], zz: 1 })}`;
          const result = normalise(source);
          expect(normalise(result)).toBe(result);
          const found = contentOf(result);
          const raw = Buffer.from(found, 'base64');
          const text = encoding === '' ? found : (encoding === 'b64' ? raw : gunzipSync(raw)).toString();
          expect(text.split(/^---$/m).map((part): unknown => parse(part))).toEqual(
            documents.map((k): unknown => JSON.parse(JSON.stringify(kubeadmObject(k, true)))),
          );
          expect(parse(result)).toMatchObject({
            ...mapping.parse(parse(stringify(more))),
            hostname: 'rack-1',
            fqdn: 'rack-1',
            zz: 1,
          });
          if (!inFlow && encoding === '') expectSubsequence(untouchedLines(source), result.split('\n'));
        },
      ),
      { numRuns: 120 },
    );
  }, 30_000);
});
