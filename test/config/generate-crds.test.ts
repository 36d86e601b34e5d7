import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findStaleFiles, renderCrdFiles } from '../../config/generate-crds.ts';

const CRD_FOLDER = join(import.meta.dirname, '../../config/crd');

describe('generated CRDs', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'crds-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('are up to date', () => {
    expect(findStaleFiles(CRD_FOLDER)).toEqual([]);
  });

  it('are found stale when missing or edited', () => {
    const [first, ...rest] = [...renderCrdFiles()];
    if (first === undefined) throw new Error('nothing is generated');
    writeFileSync(join(folder, first[0]), `${first[1]}# edited\n`);
    for (const [name, content] of rest.slice(1)) writeFileSync(join(folder, name), content);
    expect(findStaleFiles(folder)).toEqual([first[0], rest[0]?.[0]]);
  });
});
