import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, posix, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { lintImports } from '../../../dev/house/lint-imports.ts';
import type { Room } from '../../../dev/house/room.ts';
import { rooms } from '../../../dev/house/rooms.ts';

const reportSchema = z.object({
  diagnostics: z.array(
    z.object({ filename: z.string(), labels: z.array(z.object({ span: z.object({ line: z.int() }) })) }),
  ),
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ironloom-rooms-'));
  const rules = { categories: { correctness: 'off' }, overrides: lintImports(rooms) };
  await writeFile(join(folder, '.oxlintrc.json'), JSON.stringify(rules));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Writes files, one line an import, and answers the lines that the linter refuses. */
async function refusedLines(files: Map<string, string[]>): Promise<string[]> {
  for (const [file, lines] of files) {
    await mkdir(join(folder, dirname(file)), { recursive: true });
    await writeFile(join(folder, file), lines.join('\n'));
  }
  const linter = resolve(import.meta.dirname, '../../../node_modules/oxlint/bin/oxlint');
  const output = await new Promise<string>((done) => {
    execFile(
      process.execPath,
      [linter, '-c', '.oxlintrc.json', '-f', 'json', ...files.keys()],
      { cwd: folder, maxBuffer: 64 << 20 },
      (_error, stdout) => done(stdout),
    );
  });
  const { diagnostics } = reportSchema.parse(JSON.parse(output));
  return diagnostics.map(({ filename, labels: [label] }) => {
    const line = files.get(filename)?.[(label?.span.line ?? 0) - 1];
    return `${filename}: ${line}`;
  });
}

function mayImport(room: Room, path: string): boolean {
  return room.mayImport.includes(path) || room.mayImportTypesOf?.includes(path) === true;
}

function relative(from: string, to: string): string {
  const path = posix.relative(from, to);
  return path.startsWith('.') ? path : `./${path}`;
}

describe('the rules about imports', () => {
  it('refuse every arrow between two rooms that is not in the table, and no other', async () => {
    const closed = rooms.filter((room) => room.open !== true);
    const expected: string[] = [];
    const files = new Map<string, string[]>();
    for (const room of closed) {
      const file = `${room.path}/probe.ts`;
      const lines = [...rooms.map(({ path }) => path), 'unheard/of']
        .filter((path) => path !== room.path)
        .map((path, index) => ({
          path,
          line: `import { a as a${index} } from '${relative(room.path, `${path}/a.ts`)}';`,
        }));
      files.set(file, ["import './beside.ts';", ...lines.map(({ line }) => line)]);
      expected.push(...lines.filter(({ path }) => !mayImport(room, path)).map(({ line }) => `${file}: ${line}`));
    }
    expect((await refusedLines(files)).toSorted()).toEqual(expected.toSorted());
    expect(expected.length).toBeGreaterThan(1000);
  });

  it('refuse the modules that a room does without, and what lies in them', async () => {
    const files = new Map<string, string[]>();
    for (const room of rooms) {
      const modules = new Set((room.bans ?? []).flatMap(({ modules }) => modules));
      const specifiers = [...modules].map((module) => module.replace('*', 'any'));
      files.set(
        `${room.path}/modules.ts`,
        specifiers.flatMap((name, index) => [
          `import { a as a${index} } from '${name}';`,
          `import { b as b${index} } from '${name}/promises';`,
        ]),
      );
    }
    const expected = [...files].flatMap(([file, lines]) => lines.map((line) => `${file}: ${line}`));
    expect((await refusedLines(files)).toSorted()).toEqual(expected.toSorted());
  });

  it('know single files, modules, and the names of a module that may be imported', async () => {
    const files = new Map([
      [
        'cli/commands/probe.ts',
        ["import { a } from '../../workflows/messages.ts';", "import { bad } from '../../workflows/index.ts';"],
      ],
      [
        'workflows/probe.ts',
        [
          "import type { A } from '../activities/index.ts';",
          "import { bad as zod } from 'zod';",
          "import { bad as util } from 'node:util';",
        ],
      ],
      ['domain/network/probe.ts', ["import { isIP } from 'node:net';", "import { connect as bad } from 'node:net';"]],
      [
        'domain/plan/probe.ts',
        [
          "import { createHash } from 'node:crypto';",
          "import { isIP as bad } from 'node:net';",
          "import { readFile as bad2 } from 'node:fs/promises';",
          "import { readFileSync as bad3 } from 'node:fs';",
          "import { Client as bad4 } from '@temporalio/client';",
          "import { get as bad5 } from 'node:https';",
        ],
      ],
    ]);
    const bad = [...files].flatMap(([file, lines]) =>
      lines.filter((line) => line.includes('bad')).map((line) => `${file}: ${line}`),
    );
    expect((await refusedLines(files)).toSorted()).toEqual(bad.toSorted());
  });
});
