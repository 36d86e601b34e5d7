import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isSameEnvironment, nextEnvironment, readSettings, type Variables } from '../../runtime/settings.ts';

describe('readSettings', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ironloom-settings-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** As a kubelet: a folder a version, and links, the first of which is exchanged. */
  async function show(source: string, version: string, data: Record<string, string>): Promise<void> {
    const at = join(folder, source);
    await mkdir(join(at, `..${version}`), { recursive: true });
    for (const [name, value] of Object.entries(data)) {
      await writeFile(join(at, `..${version}`, name), value);
      await symlink(`..data/${name}`, join(at, name)).catch(() => undefined);
    }
    await symlink(`..${version}`, join(at, '..next'));
    await rename(join(at, '..next'), join(at, '..data'));
  }

  it('takes what the last object says, as envFrom does', async () => {
    await show('1-defaults', 'a', { A: 'default', B: 'default' });
    await show('2-settings', 'a', { B: 'ours' });
    await mkdir(join(folder, '3-secret'));
    expect(await readSettings(folder)).toEqual({ A: 'default', B: 'ours' });
    await show('2-settings', 'b', { B: 'others' });
    expect(await readSettings(folder)).toEqual({ A: 'default', B: 'others' });
  });

  it('says that nothing is there', async () => {
    await expect(readSettings(join(folder, 'nowhere'))).rejects.toThrow('ENOENT');
  });
});

describe('nextEnvironment', () => {
  const environment = { PATH: '/bin', A: '1', FIXED: 'by the Deployment' };
  const then = { A: '1', FIXED: 'other' };
  it.each<[string, Variables, Variables, Variables]>([
    ['nothing changed', then, then, {}],
    ['a value changed', then, { ...then, A: '2' }, { A: '2' }],
    ['one came', then, { ...then, B: '3' }, { B: '3' }],
    ['one went', then, { FIXED: 'other' }, { A: undefined }],
    ['what the Deployment says itself goes before it', then, { ...then, FIXED: 'another' }, {}],
    ['a change to what the process knows already', { ...then, A: '0' }, then, {}],
    ['nothing is known of before', {}, { ...then, A: '0' }, {}],
  ])('%s', (_what, before, now, changes) => {
    const next = nextEnvironment(environment, before, now);
    expect(next).toEqual({ ...environment, ...changes });
    expect(isSameEnvironment(next, environment)).toBe(Object.keys(changes).length === 0);
  });
});
