import { posix } from 'node:path';
import { describeImports } from './describe-imports.ts';
import type { Import } from './read-imports.ts';
import { findRoom, type Room } from './room.ts';

/** Where the table of rooms and the tree disagree, each in one line. `files` are all files with TypeScript. */
export function findFaults(rooms: readonly Room[], files: readonly string[], imports: readonly Import[]): string[] {
  return [
    ...findHomeless(rooms, files),
    ...imports.flatMap((found) => judgeImport(rooms, found)),
    ...rooms.flatMap((room) => findUnused(room, imports)),
    ...findCircles(rooms),
  ];
}

function findHomeless(rooms: readonly Room[], files: readonly string[]): string[] {
  const folders = new Set(files.map((file) => posix.dirname(file)));
  const homeless = [...folders].filter((folder) => folder !== '.' && findRoom(rooms, folder) === undefined);
  const inhabited = new Set([...folders].map((folder) => findRoom(rooms, folder)));
  return [
    ...homeless.map((folder) => `${folder}/ is not in the table of rooms`),
    ...rooms.filter((room) => !inhabited.has(room)).map((room) => `${room.path}/ has no TypeScript any more`),
  ];
}

function judgeImport(rooms: readonly Room[], { from, to, typesOnly }: Import): string[] {
  const room = findRoom(rooms, posix.dirname(from));
  if (room === undefined || room.open === true || room === findRoom(rooms, posix.dirname(to))) return [];
  if (covers(room.mayImport, to) || (typesOnly && covers(room.mayImportTypesOf, to))) return [];
  const names = describeImports(room).join(', ') || 'nothing of ours';
  return [`${from} imports ${to}: ${room.path}/ may import ${names}`];
}

function covers(paths: readonly string[] | undefined, file: string): boolean {
  return paths?.some((path) => path === file || path === posix.dirname(file)) === true;
}

/** The table is as strict as the code: what no file makes use of is not allowed. */
function findUnused(room: Room, imports: readonly Import[]): string[] {
  const own = imports.filter(({ from }) => posix.dirname(from) === room.path);
  return [...room.mayImport, ...(room.mayImportTypesOf ?? [])]
    .filter((path) => !own.some(({ to }) => covers([path], to)))
    .map((path) => `${room.path}/ imports nothing of ${path} any more: take it from the table`);
}

function findCircles(rooms: readonly Room[]): string[] {
  const next = new Map(rooms.map((room) => [room.path, neighbours(room)]));
  const done = new Set<string>();
  const circles: string[] = [];
  const walk = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) circles.push(`circle: ${[...way.slice(way.indexOf(path)), path].join(' → ')}`);
    if (way.includes(path) || done.has(path)) return;
    for (const to of next.get(path) ?? []) walk(to, [...way, path]);
    done.add(path);
  };
  for (const path of next.keys()) walk(path, []);
  return circles;
}

function neighbours(room: Room): string[] {
  const paths = [...room.mayImport, ...(room.mayImportTypesOf ?? [])];
  return paths.map((path) => (path.endsWith('.ts') ? posix.dirname(path) : path));
}
