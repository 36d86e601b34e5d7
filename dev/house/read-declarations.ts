import { parseSync } from 'oxc-parser';

/** Names that a file declares at its top level, exported or not. */
export function readDeclarations(file: string, source: string): Set<string> {
  const names = new Set<string>();
  for (const statement of parseSync(file, source).program.body) {
    const declared =
      statement.type === 'ExportNamedDeclaration' || statement.type === 'ExportDefaultDeclaration'
        ? statement.declaration
        : statement;
    if (declared === null) continue;
    if (declared.type === 'VariableDeclaration') {
      for (const { id } of declared.declarations) if (id.type === 'Identifier') names.add(id.name);
    } else if ('id' in declared && declared.id?.type === 'Identifier') {
      names.add(declared.id.name);
    }
  }
  return names;
}
