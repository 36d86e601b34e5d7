import { posix } from 'node:path';
import type { OxlintOverride } from 'oxlint';
import { describeImports } from './describe-imports.ts';
import type { Ban, Room } from './room.ts';

type Pattern = Readonly<{ group: string[]; message: string; allowImportNames?: string[] }>;

/** The linter's rules about imports, one override a room: a later override would take the rule's place, not add to it. */
export function lintImports(rooms: readonly Room[]): OxlintOverride[] {
  return rooms
    .filter((room) => room.open !== true)
    .map((room) => ({
      files: [`${room.path}/*.ts`],
      rules: { 'no-restricted-imports': ['error', { patterns: [patternOfRooms(room), ...patternsOfBans(room)] }] },
    }));
}

/**
 * Imports are relative, and a pattern is held against what stands between the quotes. What one pattern lets through
 * (`!`) no other can refuse, so that `findFaults` has to see to it that only types come from where only types may.
 */
function patternOfRooms(room: Room): Pattern {
  const names = describeImports(room).join(', ') || 'nothing of ours';
  const allowed = [...room.mayImport, ...(room.mayImportTypesOf ?? [])].map((path) => `!${specifiers(room, path)}`);
  return {
    group: ['../**', './*/**', ...allowed],
    message: `${room.path}/ may import ${names}; see dev/house/rooms.ts.`,
  };
}

function patternsOfBans(room: Room): Pattern[] {
  return (room.bans ?? []).map(({ modules, exceptNames, why }: Ban) => ({
    group: modules.flatMap((module) => [module, `${module}/**`]),
    message: why,
    ...(exceptNames === undefined ? {} : { allowImportNames: [...exceptNames] }),
  }));
}

function specifiers(room: Room, path: string): string {
  const relative = posix.relative(room.path, path);
  const fromHere = relative.startsWith('.') ? relative : `./${relative}`;
  return path.endsWith('.ts') ? fromHere : `${fromHere}/*`;
}
