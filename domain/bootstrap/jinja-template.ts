const header = /^\s*##\s*template:\s*jinja/i;

/** jinja reads the text before YAML does: what it takes for its own must stay as it is. */
export function isTemplate(source: string): boolean {
  return header.test(source);
}

/** A template expression holds what a quoted string escapes. Each expression is looked at once: a host's owner wrote it. */
export function wouldEscapeExpression(value: string): boolean {
  return [...value.matchAll(/\{[{%]([^}]*)/g)].some(([, expression = '']) => /["\\\n]/.test(expression));
}

/** A block begins in these first lines, where it can stand in a comment only: what follows may be rendered or not. */
export function beginsBlock(firstLines: string): boolean {
  return isTemplate(firstLines) && firstLines.includes('{%');
}
