import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap, type YAMLSeq } from 'yaml';
import type { BootstrapProblem } from './yaml/problem.ts';
import type { YamlText } from './yaml/text.ts';
import { isRecord, type Json, type YamlPath } from './yaml/values.ts';
import { namesZone, withZone } from './zone-label.ts';

/** What a kubeadm configuration must say about the node that it makes. */
export interface KubeadmNode {
  hostname: string;
  providerID: string;
  /** Where its host stands. undefined: nobody has said. */
  failureDomain: string | undefined;
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

const PROVIDER_ID = 'provider-id';
const NODE_LABELS = 'node-labels';

/**
 * Sets the argument `provider-id` of the kubelet, and adds the failure domain to its `node-labels` unless these name one, or
 * stand where a template renders them or not. What is given through an alias is set where the alias stands.
 * @throws BootstrapProblem with the place: arguments of another type
 */
export function setArguments(document: NodeDocument, registration: YAMLMap, path: YamlPath): void {
  const { text, index, argsAreList } = document;
  const args = text.find(registration, 'kubeletExtraArgs', 'nodeRegistration')?.node;
  const argsPath: YamlPath = [...path, 'kubeletExtraArgs'];
  if (isEmpty(args)) {
    text.set(registration, path, 'kubeletExtraArgs', newArguments(document));
  } else if (isAlias(args) || (isSeq(args) && args.items.some((item) => isAlias(item)))) {
    text.set(registration, path, 'kubeletExtraArgs', copyArguments(document, args));
  } else if (!argsAreList && isMap(args)) {
    setInMap(document, args, argsPath);
  } else if (argsAreList && isSeq(args)) {
    setInList(document, args, argsPath);
  } else {
    throw argumentsProblem(text, index, argsAreList);
  }
}

function setInMap(document: NodeDocument, args: YAMLMap, path: YamlPath): void {
  const { text, node } = document;
  text.set(args, path, PROVIDER_ID, node.providerID);
  const found = text.find(args, NODE_LABELS, NODE_LABELS)?.node;
  const labels = withZone(valueOf(document, found), node.failureDomain);
  if (labels !== undefined && !text.isConditional(found)) text.set(args, path, NODE_LABELS, labels);
}

function setInList(document: NodeDocument, args: YAMLSeq, path: YamlPath): void {
  const { text, node } = document;
  const findAll = (name: string) =>
    args.items.flatMap((item, at) => (isMap(item) && scalarOf(document, item, 'name') === name ? [{ item, at }] : []));
  const missing: { name: string; value: string }[] = [];
  const providers = findAll(PROVIDER_ID);
  for (const { item, at } of providers) text.set(item, [...path, at], 'value', node.providerID);
  if (providers.length === 0) missing.push({ name: PROVIDER_ID, value: node.providerID });
  const [first, ...more] = findAll(NODE_LABELS);
  const labels = withZone(first && scalarOf(document, first.item, 'value'), node.failureDomain);
  const isSaid = more.some(({ item }) => namesZone(scalarOf(document, item, 'value')));
  if (labels !== undefined && !isSaid) {
    if (first === undefined) missing.push({ name: NODE_LABELS, value: labels });
    else if (!text.isConditional(first.item)) text.set(first.item, [...path, first.at], 'value', labels);
  }
  if (missing.length > 0) text.prepend(args, path, missing);
}

/** What an alias stands for may serve others, too: a copy with our arguments takes its place. */
function copyArguments({ text, document, index, node, argsAreList }: NodeDocument, args: Node): Json {
  const copy: unknown = args.toJS(document);
  const { providerID, failureDomain } = node;
  if (!argsAreList && isStringMap(copy)) {
    const labels = withZone(copy[NODE_LABELS], failureDomain);
    return { ...copy, [PROVIDER_ID]: providerID, ...(labels !== undefined && { [NODE_LABELS]: labels }) };
  }
  if (argsAreList && Array.isArray(copy) && copy.every(isStringMap)) {
    const others = copy.filter(({ name }) => name !== PROVIDER_ID);
    const own = others.filter(({ name }) => name === NODE_LABELS);
    const isSaid = own.some(({ value }) => namesZone(value));
    const labels = isSaid ? undefined : withZone(undefined, failureDomain);
    const zone = labels === undefined ? [] : [{ name: NODE_LABELS, value: labels }];
    return [{ name: PROVIDER_ID, value: providerID }, ...zone, ...others];
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
export function newArguments({ argsAreList, node }: NodeDocument): Json {
  const labels = withZone(undefined, node.failureDomain);
  const all = { [PROVIDER_ID]: node.providerID, ...(labels !== undefined && { [NODE_LABELS]: labels }) };
  return argsAreList ? Object.entries(all).map(([name, value]) => ({ name, value })) : all;
}

function scalarOf(document: NodeDocument, map: YAMLMap, key: string): unknown {
  return valueOf(document, document.text.find(map, key, key)?.node);
}

/** undefined: nothing stands there. What is no single value is itself the answer. */
function valueOf(document: NodeDocument, found: unknown): unknown {
  const node = resolved(document, found);
  return isScalar(node) ? node.value : node;
}

/** What the node is, or what it stands for as an alias. */
export function resolved({ document }: NodeDocument, node: unknown): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

export function isEmpty(node: unknown): boolean {
  return node === undefined || node === null || (isScalar(node) && node.value === null);
}
