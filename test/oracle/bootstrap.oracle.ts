import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { anyUserData } from '../support/bootstrap-arbitrary.ts';
import { renderJoinConfig } from '../support/bootstrap-data.ts';
import { judgeAll, userDataAnswerSchema } from './judges.ts';
import { metaData, normaliseForHost } from './normalise-for-host.ts';
import { runs, seed } from './seed.ts';
import { actualView, expectedView } from './user-data-verdict.ts';

type Answer = ReturnType<typeof userDataAnswerSchema.parse>;

/** What cloud-init makes of each before and after it is normalised; refused ones have no after. */
async function judge(inputs: readonly Buffer[]): Promise<{ before: Answer; after: Answer | undefined }[]> {
  const normalised = inputs.map(normaliseForHost);
  const tasks = inputs.flatMap((before, at) =>
    [before, normalised[at]].flatMap((data) =>
      data === undefined ? [] : [{ userData: Buffer.from(data).toString('base64'), metaData }],
    ),
  );
  const { answers } = await judgeAll(tasks, userDataAnswerSchema);
  const left = answers.values();
  return normalised.map((after) => {
    const before = userDataAnswerSchema.parse(left.next().value);
    return { before, after: after === undefined ? undefined : userDataAnswerSchema.parse(left.next().value) };
  });
}

function expectNamedFieldsOnly({ before, after }: { before: Answer; after: Answer | undefined }): void {
  for (const answer of [before, after]) {
    expect([...(answer?.warnings ?? ['refused']), ...(answer?.error === undefined ? [] : [answer.error])]).toEqual([]);
  }
  expect(after && actualView(after)).toEqual(expectedView(before));
}

const files = [
  'ci-capv-commands.yaml',
  'ci-crlf.yaml',
  'ci-k3s.yaml',
  'ci-kitchen.yaml',
  'ci-rke2.yaml',
  'ci-gzip.bin',
  'ci-kubeadm-mention.yaml',
  'ci-kubeadm-tmpl.yaml',
  'kubeadm-anchor-not-recognised.yaml',
];
const read = (file: string): Buffer => readFileSync(new URL(`cases/${file}`, import.meta.url));

it.each(files)('cloud-init sees a difference in the named fields only: %s', async (file) => {
  const [verdict] = await judge([read(file)]);
  if (verdict === undefined) throw new Error('not judged');
  expectNamedFieldsOnly(verdict);
});

it('cloud-init sees a difference in the named fields only: what the tests of the whole system use', async () => {
  const inputs = ['kubeadm.k8s.io/v1beta3', 'kubeadm.k8s.io/v1beta4'].map((kubeadm) => renderJoinConfig({ kubeadm }));
  for (const verdict of await judge(inputs.map((text) => Buffer.from(text)))) expectNamedFieldsOnly(verdict);
});

/** What PyYAML refuses, below the header. */
const refused = [
  'x:\ty',
  'x: =',
  'x: <<',
  'x: !foo y',
  'x: !!int y',
  'x: 2001-99-99',
  'a: &x 1\nb: &x 2',
  '? [a]\n: b',
  '? {a: b}\n: c',
  'x: {a: b?c}',
  'x: [:a]',
].map((yaml) => Buffer.from(`#cloud-config\n${yaml}\n`));

it('cloud-init takes nothing that PyYAML refuses', async () => {
  for (const { before } of await judge(refused)) expect(before.warnings.join()).toContain('Failed at merging');
});

it.each(refused.map(String))('what PyYAML refuses is refused: %j', (text) => {
  expect(normaliseForHost(Buffer.from(text))).toBeUndefined();
});

it('cloud-init sees a difference in the named fields only: any user-data', async () => {
  const inputs = fc.sample(anyUserData, { seed, numRuns: runs });
  const verdicts = await judge(inputs.map((text) => Buffer.from(text)));
  verdicts.forEach((verdict, at) => {
    try {
      expectNamedFieldsOnly(verdict);
    } catch (error) {
      console.error(`seed ${seed}, input ${at}:\n${inputs[at]}`);
      throw error;
    }
  });
});
