import { describe, expect, it } from 'vitest';
import { findBrokenLinks } from '../../../dev/house/find-broken-links.ts';

const files: Record<string, string> = {
  'domain/life.ts': `
    export function nextStep() { const inner = 1; return inner; }
    export const first = 1, second = 2;
    export interface Life {}
    export type Stage = string;
    export default class Run {}
    function hidden() {}
    // function gone() {}
  `,
  'docs/other.md': '# Other page\n\n## What can go *wrong*: `x`\n\n```md\n# no heading\n```\n',
  'config/crd/kustomization.yaml': '',
};

function check(page: string): string[] {
  return findBrokenLinks('docs/page.md', {
    exists: (path) => path === 'docs/page.md' || Object.keys(files).some((file) => `${file}/`.startsWith(`${path}/`)),
    read: (path) => (path === 'docs/page.md' ? page : (files[path] ?? '')),
  });
}

describe('findBrokenLinks', () => {
  it.each([
    '[`nextStep`](../domain/life.ts)',
    '[`first`](../domain/life.ts), [`second`](../domain/life.ts), [`hidden`](../domain/life.ts)',
    '[`Life`](../domain/life.ts), [`Stage`](../domain/life.ts), [`Run`](../domain/life.ts)',
    '[the life](../domain/life.ts), [`domain/life.ts`](../domain/life.ts), [`npm run x`](../domain/life.ts)',
    '[CRDs](../config/crd), [page](other.md), [row](other.md#what-can-go-wrong-x), [here](#here)\n\n# Here',
    '[web](https://example.org/a.ts#L1), `domain/life.ts`, `nextStep`, `life.ts`',
    '```\n[gone](gone.md) `domain/gone.ts`\n```',
    '| a |\n| - |\n| [`nextStep`](../domain/life.ts) |',
  ])('finds nothing in %s', (page) => {
    expect(check(page)).toEqual([]);
  });

  it.each([
    ['[gone](gone.md)', 'links to docs/gone.md, which is not there'],
    ['[out](../../other/README.md)', 'links to ../other/README.md, which is not there'],
    ['![gone](gone.png)', 'links to docs/gone.png, which is not there'],
    ['[a][b]\n\n[b]: gone.md', 'links to docs/gone.md, which is not there'],
    ['[row](other.md#gone)', 'links to docs/other.md, which has no #gone'],
    ['[row](other.md#no-heading)', 'links to docs/other.md, which has no #no-heading'],
    ['[row](#gone)', 'links to docs/page.md, which has no #gone'],
    ['[`gone`](../domain/life.ts)', 'links to gone in domain/life.ts, which does not declare it'],
    ['[`inner`](../domain/life.ts)', 'links to inner in domain/life.ts, which does not declare it'],
    ['| a |\n| - |\n| [`gone`](../domain/life.ts) |', 'links to gone in domain/life.ts, which does not declare it'],
    [
      '[`nextStep`](../domain/life.ts#L2)',
      'links to #L2 of domain/life.ts: let the text of the link name the symbol instead',
    ],
    ['see `domain/gone.ts`', 'names domain/gone.ts, which is not there'],
  ])('finds what is wrong in %s', (page, fault) => {
    expect(check(page)).toEqual([expect.stringMatching(/^docs\/page\.md:\d+ /)]);
    expect(check(page)[0]?.replace(/^\S+ /, '')).toBe(fault);
  });
});
