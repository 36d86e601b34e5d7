import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml';
import { BootstrapProblem, TooComplexProblem } from './yaml/problem.ts';
import { unveil } from './jinja/veil.ts';
import { rootMap, YamlText } from './yaml/text.ts';
import type { ReadingBudget } from './yaml/scan.ts';
import { isRecord, type Json, readDocuments, type YamlPath } from './yaml/values.ts';

/** What a kubeadm configuration must say about the node that it makes. */
export interface KubeadmNode {
  hostname: string;
  providerID: string;
}

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
 * to kubeadm.
 * @throws BootstrapProblem with the place: a kubeadm file that is not YAML, unknown version, a field of another type
 */
export function normaliseKubeadmDocuments(
  content: string,
  node: KubeadmNode,
  { place, budget, isRead }: { place: string; budget: ReadingBudget; isRead: boolean },
): string {
  const text = readText(content, { place, budget, isRead });
  text?.documents.forEach((document, index) => {
    const version = versionOf(document);
    if (version === undefined) return;
    if (version !== 'kubeadm.k8s.io/v1beta3' && version !== 'kubeadm.k8s.io/v1beta4') {
      throw text.problem(`document ${index + 1}: apiVersion is none of the kubeadm versions v1beta3 and v1beta4`);
    }
    const root = rootMap(document);
    if (root !== undefined) nameNode({ text, document, root, index, node, argsAreList: version.endsWith('v1beta4') });
  });
  return text?.render() ?? content;
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

interface NodeDocument {
  text: YamlText;
  document: Document.Parsed;
  root: YAMLMap;
  index: number;
  node: KubeadmNode;
  /** v1beta4: `kubeletExtraArgs` is a list of name and value. */
  argsAreList: boolean;
}

function nameNode(document: NodeDocument): void {
  const { text, root, index, node } = document;
  const path: YamlPath = [index, 'nodeRegistration'];
  const registration = text.find(root, 'nodeRegistration', `document ${index + 1}`)?.node;
  if (isEmpty(registration)) {
    text.set(root, [index], 'nodeRegistration', { criSocket: CRI_SOCKET, kubeletExtraArgs: newArguments(document) });
    return;
  }
  if (!isMap(registration)) throw text.problem(`document ${index + 1}: nodeRegistration is not a mapping`);
  setProviderId(document, registration, path);
  const socket = text.find(registration, 'criSocket', 'nodeRegistration')?.node;
  if (isEmpty(socket) || (isScalar(socket) && socket.value === '')) {
    text.set(registration, path, 'criSocket', CRI_SOCKET);
  }
  const name = text.find(registration, 'name', 'nodeRegistration')?.node;
  const expression = unveil(isScalar(name) ? String(name.value).trim() : text.textOf(name));
  if (hostnameExpression.test(expression)) text.set(registration, path, 'name', node.hostname);
}

function setProviderId(document: NodeDocument, registration: YAMLMap, path: YamlPath): void {
  const { text, index, node, argsAreList } = document;
  const args = text.find(registration, 'kubeletExtraArgs', 'nodeRegistration')?.node;
  const argsPath: YamlPath = [...path, 'kubeletExtraArgs'];
  if (isEmpty(args)) {
    text.set(registration, path, 'kubeletExtraArgs', newArguments(document));
  } else if (isAlias(args) || (isSeq(args) && args.items.some((item) => isAlias(item)))) {
    text.set(registration, path, 'kubeletExtraArgs', copyArguments(document, args));
  } else if (!argsAreList && isMap(args)) {
    text.set(args, argsPath, 'provider-id', node.providerID);
  } else if (argsAreList && isSeq(args)) {
    const found = args.items.flatMap((item, at) =>
      isMap(item) && scalarOf(text, item, 'name') === 'provider-id' ? [{ item, at }] : [],
    );
    for (const { item, at } of found) text.set(item, [...argsPath, at], 'value', node.providerID);
    if (found.length === 0) text.prepend(args, argsPath, providerArgument(node));
  } else {
    throw argumentsProblem(text, index, argsAreList);
  }
}

/** What an alias stands for may serve others, too: a copy with our argument takes its place. */
function copyArguments({ text, document, index, node, argsAreList }: NodeDocument, args: Node): Json {
  const copy: unknown = args.toJS(document);
  if (!argsAreList && isStringMap(copy)) return { ...copy, 'provider-id': node.providerID };
  if (argsAreList && Array.isArray(copy) && copy.every(isStringMap)) {
    return [providerArgument(node), ...copy.filter(({ name }) => name !== 'provider-id')];
  }
  throw argumentsProblem(text, index, argsAreList);
}

function isStringMap(value: unknown): value is Record<string, string> {
  return isRecord(value) && !Array.isArray(value) && Object.values(value).every((item) => typeof item === 'string');
}

function argumentsProblem(text: YamlText, index: number, argsAreList: boolean): BootstrapProblem {
  const expected = argsAreList ? 'a list of name and value (v1beta4)' : 'a mapping (v1beta3)';
  return text.problem(`document ${index + 1}: nodeRegistration.kubeletExtraArgs is not ${expected}`);
}

function newArguments({ argsAreList, node }: NodeDocument) {
  return argsAreList ? [providerArgument(node)] : { 'provider-id': node.providerID };
}

function providerArgument(node: KubeadmNode): { name: string; value: string } {
  return { name: 'provider-id', value: node.providerID };
}

function scalarOf(text: YamlText, map: YAMLMap, key: string): unknown {
  const node = text.find(map, key, key)?.node;
  return isScalar(node) ? node.value : undefined;
}

function isEmpty(node: unknown): boolean {
  return node === undefined || node === null || (isScalar(node) && node.value === null);
}
