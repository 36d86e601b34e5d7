import { type Document, isAlias, isMap, isScalar } from 'yaml';
import {
  type KubeadmNode,
  isEmpty,
  newArguments,
  type NodeDocument,
  resolved,
  setArguments,
} from './kubelet-arguments.ts';
import { readNodeName } from './node-name.ts';
import { BootstrapProblem, TooComplexProblem } from './yaml/problem.ts';
import { unveil } from './jinja/veil.ts';
import { rootMap, YamlText } from './yaml/text.ts';
import type { ReadingBudget } from './yaml/scan.ts';
import { readDocuments, type YamlPath } from './yaml/values.ts';

/** Set as `nodeRegistration.criSocket` where it is unset (system.md section 4). */
export const CRI_SOCKET = 'unix:///var/run/containerd/containerd.sock';

const kinds: readonly unknown[] = ['InitConfiguration', 'JoinConfiguration'];

/** Spellings of "this host's name" in cloud-init's jinja templates, with the filters that keep it a name. */
const hostnameExpression =
  /^\{\{-?\s*(?:(?:ds\.meta_data\.|v1\.)?(?:local_)?hostname|ds\.meta_data\[(?:'|\\?")(?:local[_-])?hostname(?:'|\\?")\])(?:\s*\|\s*(?:lower|trim))*\s*-?\}\}$/;

/** Cheap test whether a file can hold a kubeadm document; a script that writes one is left alone. */
export function mentionsKubeadm(content: string): boolean {
  return !content.startsWith('#!') && /kubeadm|(?:Init|Join)Configuration/.test(content);
}

/**
 * Names the node in every Init and Join configuration of a file with one or more YAML documents. All other bytes stay,
 * and so does a file that only mentions kubeadm. `place` is how messages name the file, `isRead` says that it is given
 * to kubeadm. `nodeNames` has the name that each configuration gives the node, see `readNodeName`.
 * @throws BootstrapProblem with the place: a kubeadm file that is not YAML, unknown version, a field of another type
 */
export function normaliseKubeadmDocuments(
  content: string,
  node: KubeadmNode,
  { place, budget, isRead }: { place: string; budget: ReadingBudget; isRead: boolean },
): { content: string; nodeNames: (string | undefined)[] } {
  const text = readText(content, { place, budget, isRead });
  const nodeNames = (text?.documents ?? []).flatMap((document, index) => {
    const version = versionOf(document);
    if (text === undefined || version === undefined) return [];
    if (version !== 'kubeadm.k8s.io/v1beta3' && version !== 'kubeadm.k8s.io/v1beta4') {
      throw text.problem(`document ${index + 1}: apiVersion is none of the kubeadm versions v1beta3 and v1beta4`);
    }
    const root = rootMap(document);
    if (root === undefined) return [];
    return [nameNode({ text, document, root, index, node, argsAreList: version.endsWith('v1beta4') })];
  });
  return { content: text?.render() ?? content, nodeNames };
}

/** undefined: it is no YAML, and nothing in it says that it should be. */
function readText(
  content: string,
  { place, budget, isRead }: { place: string; budget: ReadingBudget; isRead: boolean },
): YamlText | undefined {
  try {
    return new YamlText(content, place, { budget, reader: 'kubeadm' });
  } catch (error) {
    const mayBeLeft = error instanceof BootstrapProblem && !(error instanceof TooComplexProblem) && !isRead;
    if (!mayBeLeft || readDocuments(content).some((document) => versionOf(document) !== undefined)) throw error;
    return undefined;
  }
}

/** The version of an Init or Join configuration, as YAML says it; undefined: something else, or broken. */
function versionOf(document: Document.Parsed): string | undefined {
  const root = rootMap(document);
  if (root === undefined || document.errors.length > 0) return undefined;
  const valueOf = (key: string): unknown => {
    const node = root.items.findLast((pair) => isScalar(pair.key) && pair.key.value === key)?.value;
    const resolved = isAlias(node) ? node.resolve(document) : node;
    return isScalar(resolved) ? resolved.value : undefined;
  };
  const version = valueOf('apiVersion');
  if (typeof version !== 'string' || !version.startsWith('kubeadm.k8s.io/')) return undefined;
  return kinds.includes(valueOf('kind')) ? version : undefined;
}

/** Answers the name that the configuration then gives the node. */
function nameNode(document: NodeDocument): string | undefined {
  const { text, root, index, node } = document;
  const path: YamlPath = [index, 'nodeRegistration'];
  const registration = text.find(root, 'nodeRegistration', `document ${index + 1}`)?.node;
  if (isEmpty(registration)) {
    text.set(root, [index], 'nodeRegistration', { criSocket: CRI_SOCKET, kubeletExtraArgs: newArguments(document) });
    return node.hostname;
  }
  if (isAlias(registration)) {
    throw text.problem(
      `document ${index + 1}: nodeRegistration is given through an alias, and what is set there would change what it stands for: write it out`,
    );
  }
  if (!isMap(registration)) throw text.problem(`document ${index + 1}: nodeRegistration is not a mapping`);
  setArguments(document, registration, path);
  const socket = resolved(document, text.find(registration, 'criSocket', 'nodeRegistration')?.node);
  if (isEmpty(socket) || (isScalar(socket) && socket.value === '')) {
    text.set(registration, path, 'criSocket', CRI_SOCKET);
  }
  const name = text.find(registration, 'name', 'nodeRegistration')?.node;
  const standing = resolved(document, name);
  const expression = unveil(isScalar(standing) ? String(standing.value).trim() : text.textOf(name));
  if (!hostnameExpression.test(expression)) return readNodeName(standing, node.hostname);
  text.set(registration, path, 'name', node.hostname);
  return node.hostname;
}
