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

/** A shape of a drawing; what it tells stands in words beside it. */
export function shape<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string | number>>,
  ...content: readonly Node[]
): SVGElementTagNameMap[K] {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...content);
  return made;
}

/** A table with a head, '' above what is no figure; `rows` are drawn cell by cell, the first one as the head of its row. */
export function table(
  caption: string,
  heads: readonly string[],
  rows: readonly (readonly (Node | string)[])[],
): HTMLElement {
  const head = element(
    'tr',
    {},
    ...heads.map((text) => (text === '' ? element('td') : element('th', { scope: 'col' }, text))),
  );
  const body = rows.map((cells) =>
    element(
      'tr',
      {},
      ...cells.map((cell, at) => (at === 0 ? element('th', { scope: 'row' }, cell) : element('td', {}, cell))),
    ),
  );
  const title = element('caption', { class: 'unseen' }, caption);
  return element('table', {}, title, element('thead', {}, head), element('tbody', {}, ...body));
}

/** An element of the page as it was served. @throws when there is none */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`No element ${id}`);
  return found;
}
