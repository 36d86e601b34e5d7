/** Source of a literal block after its value changed; undefined when lines of source and value do not match. */
export function renderLiteral(source: string, before: string, after: string): string | undefined {
  const [header = '', ...body] = source.split('\n');
  const old = contentLines(before);
  const fresh = contentLines(after);
  if (before.endsWith('\n') !== after.endsWith('\n')) return undefined;
  const first = old.findIndex((line) => line !== '');
  const indent = withoutReturn(body[first] ?? '').length - (old[first] ?? '').length;
  if (first < 0 || indent < 1 || !old.every((line, index) => matches(body[index], line, indent))) return undefined;

  const shorter = Math.min(old.length, fresh.length);
  let head = 0;
  while (head < shorter && old[head] === fresh[head]) head++;
  let tail = 0;
  while (tail < shorter - head && old.at(-1 - tail) === fresh.at(-1 - tail)) tail++;
  const changed = fresh.slice(head, fresh.length - tail).map((line) => (line === '' ? '' : ' '.repeat(indent) + line));
  return [header, ...body.slice(0, head), ...changed, ...body.slice(old.length - tail)].join('\n');
}

function contentLines(value: string): string[] {
  const lines = value.split('\n');
  return value.endsWith('\n') ? lines.slice(0, -1) : lines;
}

function matches(sourceLine: string | undefined, line: string, indent: number): boolean {
  return sourceLine !== undefined && withoutReturn(sourceLine).slice(indent) === line;
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
