import GithubSlugger from 'github-slugger';
import { fromMarkdown } from 'mdast-util-from-markdown';

type Root = ReturnType<typeof fromMarkdown>;
type Node = Root | Root['children'][number];

/** A link, an image, or the target of either that stands elsewhere in the page. */
export interface PageLink {
  url: string;
  /** The text, if it is one piece of code. */
  code?: string;
  line: number;
}

/** What a page of documentation points to, and what can be pointed to in it. */
export interface Page {
  links: PageLink[];
  /** Paths from the root of the repository that stand in the text as code. */
  paths: { path: string; line: number }[];
  anchors: Set<string>;
}

const SOURCE_PATH = /^[\w-]+(?:\/[\w.-]+)+\.(?:ts|sh|md)$/;

/** Reads a page as a forge shows it: what stands in code blocks is no link. */
export function readPage(markdown: string): Page {
  const page: Page = { links: [], paths: [], anchors: new Set() };
  const slugger = new GithubSlugger();
  const visit = (node: Node): void => {
    const line = node.position?.start.line ?? 0;
    if (node.type === 'heading') page.anchors.add(slugger.slug(textOf(node)));
    if (node.type === 'inlineCode' && SOURCE_PATH.test(node.value)) page.paths.push({ path: node.value, line });
    if (node.type === 'link' || node.type === 'image' || node.type === 'definition') {
      const code = codeOf(node);
      page.links.push({ url: node.url, line, ...(code !== undefined && { code }) });
    }
    if ('children' in node) for (const child of node.children) visit(child);
  };
  visit(fromMarkdown(markdown));
  return page;
}

function textOf(node: Node): string {
  if ('children' in node) return node.children.map(textOf).join('');
  return 'value' in node ? node.value : '';
}

function codeOf(node: Node): string | undefined {
  const [only, ...others] = 'children' in node ? node.children : [];
  return only?.type === 'inlineCode' && others.length === 0 ? only.value : undefined;
}
