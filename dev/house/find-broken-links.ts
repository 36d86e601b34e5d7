import { posix } from 'node:path';
import { readDeclarations } from './read-declarations.ts';
import { type PageLink, readPage } from './read-page.ts';

/** The files of a repository by their paths from its root. */
export interface Repository {
  /** Of a folder or a file. */
  exists(path: string): boolean;
  /** @throws when there is no such file */
  read(path: string): string;
}

const SYMBOL = /^[A-Za-z_$][\w$]*$/;

/**
 * What a page points to and is not there, each in one line: files, headings, and symbols. The text of a link to
 * TypeScript names a symbol if it is code: lines move with every change, and nobody notices.
 */
export function findBrokenLinks(page: string, repository: Repository): string[] {
  const { links, paths } = readPage(repository.read(page));
  return [
    ...links.flatMap((link) => {
      const fault = judge(page, link, repository);
      return fault === undefined ? [] : [`${page}:${link.line} ${fault}`];
    }),
    ...paths
      .filter(({ path }) => !repository.exists(path))
      .map(({ path, line }) => `${page}:${line} names ${path}, which is not there`),
  ];
}

function judge(page: string, { url, code }: PageLink, repository: Repository): string | undefined {
  if (/^[a-z][a-z+.-]*:/i.test(url)) return undefined;
  const [relative = '', anchor] = url.split('#', 2);
  const target = relative === '' ? page : posix.join(posix.dirname(page), decodeURI(relative));
  if (target.startsWith('..') || !repository.exists(target)) return `links to ${target}, which is not there`;
  if (anchor !== undefined && target.endsWith('.md')) {
    if (!readPage(repository.read(target)).anchors.has(anchor)) return `links to ${target}, which has no #${anchor}`;
  } else if (anchor !== undefined) {
    return `links to #${anchor} of ${target}: let the text of the link name the symbol instead`;
  }
  if (code === undefined || !SYMBOL.test(code) || !target.endsWith('.ts')) return undefined;
  const declared = readDeclarations(target, repository.read(target)).has(code);
  return declared ? undefined : `links to ${code} in ${target}, which does not declare it`;
}
