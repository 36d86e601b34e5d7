import { isScalar } from 'yaml';
import { unknownPart } from './jinja/names.ts';
import type { HostMetaData } from './jinja/meta-data.ts';
import { isTemplate, parseTemplate, type Template } from './jinja/template.ts';
import { renderSkeleton } from './jinja/skeleton.ts';
import { defiesVeil, veil } from './jinja/veil.ts';
import { BootstrapProblem } from './yaml/problem.ts';
import { TemplateFault } from './jinja/fault.ts';
import { createReadingBudget, lineAt } from './yaml/scan.ts';
import { rootMap, YamlText } from './yaml/text.ts';

/**
 * The text as YAML reads it: a template under its veil (see `veil`), anything else as it is.
 * @throws BootstrapProblem with the line: jinja would refuse the template, or render what cloud-init refuses
 */
export function veilTemplate(userData: string): string {
  if (!isTemplate(userData)) return userData;
  if (defiesVeil(userData)) throw new BootstrapProblem("user-data: a character of Unicode's last plane in a template");
  const { tags } = parse(userData);
  for (const branch of ['first', 'last'] as const) checkSkeleton(renderSkeleton(userData, tags, branch));
  return veil(userData, tags);
}

/** Tags that render to nothing still leave, or take away, blanks and line breaks. */
function checkSkeleton(rendered: string): void {
  const place = 'user-data as the template renders';
  if (!/^\s*#cloud-config[ \t]*\r?(?:\n|$)/i.test(rendered))
    throw new BootstrapProblem(`${place}: line 1 is not #cloud-config`);
  const text = new YamlText(rendered, place, { budget: createReadingBudget(), reader: 'pyyaml' });
  const contents = text.documents[0]?.contents ?? null;
  const isEmpty = contents === null || (isScalar(contents) && contents.value === null);
  if (text.documents.length > 1 || (!isEmpty && rootMap(text.documents[0]) === undefined)) {
    throw new BootstrapProblem(`${place}: not one mapping`);
  }
}

/**
 * Everything that a template reads must be known when it is rendered: cloud-init would write a marker in its place, or
 * none of the data.
 * @param original names the lines
 * @throws BootstrapProblem with the name and the line
 */
export function checkReferences(original: string, rendered: string, metaData: HostMetaData): void {
  if (!isTemplate(rendered)) return;
  const { tags, references, own } = parse(rendered);
  const asked = new Set(references.filter(({ use }) => use === 'asked').map(({ path }) => path.join('.')));
  for (const reference of references) {
    if (reference.use !== 'plain' || asked.has(reference.path.join('.'))) continue;
    const unknown = unknownPart(reference, metaData, own);
    if (unknown === undefined) continue;
    const tag = tags.findLast(({ start }) => start <= reference.offset);
    const line = lineAt(original, original.indexOf(rendered.slice(tag?.start, tag?.end)));
    throw new BootstrapProblem(
      `user-data: line ${line}: the template reads ${unknown}, which cloud-init will not know; meta-data has ${servedNames}`,
    );
  }
}

const servedNames =
  'instance_id, local_hostname, hostname, name, providerid, uuid, cluster, pool and the labels of the inventory';

function parse(source: string): Template {
  try {
    return parseTemplate(source);
  } catch (error) {
    if (!(error instanceof TemplateFault)) throw error;
    throw new BootstrapProblem(
      `user-data: line ${lineAt(source, error.offset)}: the template does not parse: ${error.message}`,
    );
  }
}
