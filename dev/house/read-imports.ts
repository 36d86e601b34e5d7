import { posix } from 'node:path';
import { parseSync } from 'oxc-parser';

/** One file of the repository imports another one. */
export interface Import {
  from: string;
  to: string;
  typesOnly: boolean;
}

/** What `file` imports of the repository, resolved; packages are left out. */
export function readImports(file: string, source: string): Import[] {
  const { staticImports, staticExports, dynamicImports } = parseSync(file, source).module;
  const exports = staticExports.flatMap(({ entries }) => entries);
  const found = [
    ...staticImports.map(({ moduleRequest, entries }) => ({
      specifier: moduleRequest.value,
      typesOnly: entries.length > 0 && entries.every(({ isType }) => isType),
    })),
    ...exports.map(({ moduleRequest, isType }) => ({ specifier: moduleRequest?.value, typesOnly: isType })),
    ...dynamicImports.map(({ moduleRequest }) => ({
      specifier: source.slice(moduleRequest.start + 1, moduleRequest.end - 1),
      typesOnly: false,
    })),
  ];
  return found.flatMap(({ specifier, typesOnly }) =>
    specifier?.startsWith('.') === true
      ? [{ from: file, to: posix.join(posix.dirname(file), specifier), typesOnly }]
      : [],
  );
}
