/** What a tenant or a host chose some words of, as it is shown: what could turn a line around or hide is replaced. */
export function shown(text: string): string {
  return text.replaceAll(/\p{C}/gu, '\u{FFFD}');
}

/** An element with attributes and content; texts are texts, never markup. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...content: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...content.map((part) => (typeof part === 'string' ? shown(part) : part)));
  return made;
}

/** An element of the page as it was served. @throws when there is none */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`No element ${id}`);
  return found;
}
