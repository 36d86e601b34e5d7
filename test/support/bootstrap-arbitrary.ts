import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { stringify } from 'yaml';

// Without braces: what a template makes of them is another matter. PyYAML refuses `=`, `<<`, and in
// brackets `?` and what begins with `:`, which our writer leaves bare.
const text = fc.string().map((value) => value.replaceAll(/[{}%?]/g, '_').replace(/^[:=<]/, '_'));
const scalar = fc.oneof(
  text,
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom('on', '0o17', '017', '1:20', '2001-01-01', '1e3', '~', '.inf', 'a: b', ' #', '\u00e4\u20ac'),
  fc.constant('{{ ds.meta_data.local_hostname }}'),
);
const values = fc.dictionary(
  fc.stringMatching(/^x_[a-z_]{3,8}$/),
  fc.oneof(scalar, fc.array(scalar, { maxLength: 3 }), fc.dictionary(text, scalar, { maxKeys: 3 })),
  { maxKeys: 5 },
);
const registration = fc.record({
  name: fc.constantFrom('fixed', '{{ v1.local_hostname }}', "{{ ds.meta_data['local_hostname'] }}"),
  criSocket: fc.constantFrom('', null, '/run/x.sock'),
  extra: values,
});
const kubeadm = fc
  .record({
    version: fc.constantFrom('v1beta3', 'v1beta4'),
    kind: fc.constantFrom('InitConfiguration', 'JoinConfiguration', 'ClusterConfiguration'),
    args: fc.option(fc.dictionary(fc.stringMatching(/^[a-z-]{3,9}$/), text, { maxKeys: 3 })),
    more: values,
    node: fc.option(registration),
  })
  .map(({ version, kind, args, more, node }) => {
    const list = Object.entries(args ?? {}).map(([name, value]) => ({ name, value }));
    const kubeletExtraArgs = version === 'v1beta3' ? args : list;
    const { extra, ...named } = node ?? { extra: {} };
    const nodeRegistration = { ...extra, ...named, ...(args !== null && { kubeletExtraArgs }) };
    return { ...more, apiVersion: `kubeadm.k8s.io/${version}`, kind, ...(node !== null && { nodeRegistration }) };
  });
const style = fc.record({
  indent: fc.integer({ min: 2, max: 6 }),
  indentSeq: fc.boolean(),
  collectionStyle: fc.constantFrom<('any' | 'flow')[]>('any', 'flow'),
  blockQuote: fc.constantFrom<(boolean | 'literal')[]>(true, false, 'literal'),
});

/** User-data of a node: a cloud-config with a kubeadm file, in many styles. */
export const anyUserData: fc.Arbitrary<string> = fc
  .record({
    more: values,
    documents: fc.array(kubeadm, { minLength: 1, maxLength: 3 }),
    style,
    encoding: fc.constantFrom('', 'b64', 'gz+b64'),
    isTemplate: fc.boolean(),
  })
  .map(({ more, documents, style: layout, encoding, isTemplate }) => {
    const write = (value: unknown): string => stringify(value, { ...layout, lineWidth: 0, version: '1.1' });
    // kubeadm does not read by PyYAML, which stands in for it here: brackets are read differently.
    const block = { ...layout, collectionStyle: 'any', lineWidth: 0, version: '1.1' } as const;
    const inner = documents.map((document) => `# kept\n${stringify(document, block)}`).join('---\n');
    const bytes = encoding === 'b64' ? Buffer.from(inner) : gzipSync(inner);
    const content = encoding === '' ? inner : bytes.toString('base64');
    const header = isTemplate && layout.collectionStyle !== 'flow' ? '## template: jinja\n' : '';
    return `${header}#cloud-config\n${write({ ...more, write_files: [{ path: '/k', encoding, content }], zz: 1 })}`;
  });
