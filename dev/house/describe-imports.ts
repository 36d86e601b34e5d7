import type { Room } from './room.ts';

/** What a room may import, wings of one hall taken together: `api`, `domain`, `domain/{inputs,life}`. */
export function describeImports(room: Room): string[] {
  if (room.open === true) return ['anything'];
  const halls = Map.groupBy(room.mayImport, (path) => (isWing(path) ? path.slice(0, path.lastIndexOf('/')) : path));
  const described = [...halls].flatMap(([hall, paths]) => {
    const wings = paths.filter((path) => path !== hall).map((path) => path.slice(hall.length + 1));
    const grouped = wings.length === 0 ? [] : [`${hall}/${wings.length === 1 ? wings[0] : `{${wings.join(',')}}`}`];
    return paths.includes(hall) ? [hall, ...grouped] : grouped;
  });
  return [...described, ...(room.mayImportTypesOf ?? []).map((path) => `types of ${path}`)];
}

function isWing(path: string): boolean {
  return path.includes('/') && !path.endsWith('.ts');
}
