import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml';
import type { BootstrapProblem } from './yaml/problem.ts';
import type { YamlText } from './yaml/text.ts';
import { isRecord, type Json, type YamlPath } from './yaml/values.ts';

/** What a kubeadm configuration must say about the node that it makes. */
export interface KubeadmNode {
  hostname: string;
  providerID: string;
}

/** An Init or Join configuration of kubeadm. */
export interface NodeDocument {
  text: YamlText;
  document: Document.Parsed;
  root: YAMLMap;
  index: number;
  node: KubeadmNode;
  /** v1beta4: `kubeletExtraArgs` is a list of name and value. */
  argsAreList: boolean;
}

/**
 * Sets the argument `provider-id` of the kubelet. One given through an alias is set where the alias stands.
 * @throws BootstrapProblem with the place: arguments of another type
 */
export function setProviderId(document: NodeDocument, registration: YAMLMap, path: YamlPath): void {
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
      isMap(item) && scalarOf(document, item, 'name') === 'provider-id' ? [{ item, at }] : [],
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

/** The arguments where there are none yet. */
export function newArguments({ argsAreList, node }: NodeDocument) {
  return argsAreList ? [providerArgument(node)] : { 'provider-id': node.providerID };
}

function providerArgument(node: KubeadmNode): { name: string; value: string } {
  return { name: 'provider-id', value: node.providerID };
}

function scalarOf(document: NodeDocument, map: YAMLMap, key: string): unknown {
  const node = resolved(document, document.text.find(map, key, key)?.node);
  return isScalar(node) ? node.value : undefined;
}

/** What the node is, or what it stands for as an alias. */
export function resolved({ document }: NodeDocument, node: unknown): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

export function isEmpty(node: unknown): boolean {
  return node === undefined || node === null || (isScalar(node) && node.value === null);
}
