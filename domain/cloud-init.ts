import { createHash } from 'node:crypto';
import { isAlias, isMap, isScalar, isSeq, type Scalar, type YAMLMap } from 'yaml';
import {
  decodeContent,
  encodeContent,
  type InflateBudget,
  inflateLimitBytes,
  parseEncoding,
} from './cloud-init-encoding.ts';
import { BootstrapProblem } from './cloud-init-problem.ts';
import { rootMap, YamlText } from './cloud-init-text.ts';
import { type KubeadmNode, mentionsKubeadm, normaliseKubeadmDocuments } from './kubeadm-documents.ts';

/** Largest user-data in bytes: base64 in a plan it still leaves room for outputs in a Secret of 1 MiB. */
export const userDataLimitBytes = 480 * 1024;

export interface BootstrapInput {
  /** `data.value` of the bootstrap Secret, decoded. */
  userData: string;
  /** `data.format` of the bootstrap Secret, decoded; absent means cloud-config. */
  format?: string | undefined;
  /** Name of the host and of its Node. */
  hostname: string;
  /** `baremetal:///<inventory>`. */
  providerID: string;
}

export type NormalisedBootstrap =
  | {
      kind: 'normalised';
      userData: string;
      /** sha256 hex of `userData`. */
      hash: string;
    }
  /** `message` names the place, never content. */
  | { kind: 'invalid'; message: string }
  | { kind: 'unsupportedFormat'; format: string };

/**
 * Gives a cloud-config the host's names (system.md section 4): `hostname`, `fqdn` and, in kubeadm's Init and Join
 * configurations, provider id, CRI socket and node name. Bytes that these fields do not need stay as they are, and
 * normalising twice gives the same bytes.
 */
export function normaliseBootstrap(input: BootstrapInput): NormalisedBootstrap {
  const format = (input.format ?? '').trim();
  if (format !== '' && format !== 'cloud-config') {
    return { kind: 'unsupportedFormat', format: /^[a-z0-9.-]{1,32}$/i.test(format) ? format : 'unknown' };
  }
  try {
    const userData = normalise(input);
    return { kind: 'normalised', userData, hash: createHash('sha256').update(userData, 'utf8').digest('hex') };
  } catch (error) {
    if (error instanceof BootstrapProblem) return { kind: 'invalid', message: error.message };
    // Of all faults of the parser on hostile input only the stack's end is known; its message could quote content.
    return { kind: 'invalid', message: 'user-data: too deeply nested or otherwise impossible to parse' };
  }
}

function normalise({ userData, hostname, providerID }: BootstrapInput): string {
  checkNames(hostname, providerID);
  checkShape(userData);
  const text = new YamlText(userData, 'user-data');
  if (text.documents.length > 1) throw text.problem('more than one YAML document');
  const contents = text.documents[0]?.contents ?? null;
  if (contents === null || (isScalar(contents) && contents.value === null)) {
    return addNames(text, hostname);
  }
  const root = rootMap(text.documents[0]);
  if (root === undefined) throw text.problem('the top level is not a mapping');
  normaliseFiles(text, root, { hostname, providerID });
  text.set(root, [0], 'hostname', hostname);
  text.set(root, [0], 'fqdn', hostname);
  const result = text.render();
  checkSize(result);
  return result;
}

/** For a cloud-config without any key. */
function addNames(text: YamlText, hostname: string): string {
  const end = text.source.endsWith('\n') ? '' : '\n';
  const result = `${text.source}${end}hostname: "${hostname}"\nfqdn: "${hostname}"\n`;
  const documents = new YamlText(result, 'user-data').documents;
  if (documents.length !== 1 || rootMap(documents[0]) === undefined)
    throw text.problem('the top level is not a mapping');
  return result;
}

function checkNames(hostname: string, providerID: string): void {
  const label = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?';
  if (hostname.length > 63 || !new RegExp(`^${label}(?:\\.${label})*$`).test(hostname)) {
    throw new BootstrapProblem("hostname: the pool member's hostname is not a DNS-1123 name of at most 63 characters");
  }
  if (!/^baremetal:\/\/\/[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/.test(providerID)) {
    throw new BootstrapProblem('providerID: not baremetal:///<inventory>');
  }
}

/** cloud-init takes data for a cloud-config by its first line, or by its second below `## template: jinja`. */
function checkShape(userData: string): void {
  checkSize(userData);
  if (/^content-type:|^mime-version:/i.test(userData)) {
    throw new BootstrapProblem('user-data: MIME multi-part data is not supported, only cloud-config');
  }
  if (!/^\s*(?:##\s*template:[^\n]*\n\s*)?#cloud-config[ \t]*\r?(?:\n|$)/i.test(userData)) {
    throw new BootstrapProblem('user-data: line 1 is not #cloud-config');
  }
}

function checkSize(userData: string): void {
  if (Buffer.byteLength(userData, 'utf8') > userDataLimitBytes) {
    throw new BootstrapProblem(`user-data: larger than ${userDataLimitBytes / 1024} KiB, a plan Secret cannot hold it`);
  }
}

function normaliseFiles(text: YamlText, root: YAMLMap, node: KubeadmNode): void {
  const files = text.find(root, 'write_files', 'top level')?.node;
  if (files === undefined || files === null || (isScalar(files) && files.value === null)) return;
  if (!isSeq(files)) throw text.problem('write_files is not a list');
  const budget: InflateBudget = { remainingBytes: inflateLimitBytes };
  files.items.forEach((file, index) => {
    if (isAlias(file)) throw text.problem(`write_files[${index}]: aliases are not supported here`);
    if (isMap(file)) normaliseFile(text, file, index, { node, budget });
  });
}

function normaliseFile(
  text: YamlText,
  file: YAMLMap,
  index: number,
  { node, budget }: { node: KubeadmNode; budget: InflateBudget },
): void {
  const place = `write_files[${index}]`;
  const content = text.find(file, 'content', place)?.node;
  if (isAlias(content)) throw text.problem(`${place}.content: aliases are not supported here`);
  if (!isScalar(content) || typeof content.value !== 'string') return;
  const encoding = encodingOf(text, file, content, place);
  const encoded = encoding.base64 || encoding.gzip;
  if (encoded && /\{\{|\{%/.test(content.value)) return;
  const decoded = decodeContent(content.value, encoding, budget);
  if (decoded.kind === 'broken') throw text.problem(`${place}.content: ${decoded.fault}`);
  if (decoded.kind === 'binary' || !mentionsKubeadm(decoded.text)) return;
  const changed = normaliseKubeadmDocuments(decoded.text, node, `user-data: ${place}.content`);
  if (changed === decoded.text) return;
  text.setContent(content, [0, 'write_files', index, 'content'], encoded ? encodeContent(changed, encoding) : changed);
}

function encodingOf(text: YamlText, file: YAMLMap, content: Scalar, place: string) {
  const name = text.find(file, 'encoding', place)?.node;
  const encoding = parseEncoding(isScalar(name) && typeof name.value === 'string' ? name.value : '');
  if (content.tag !== 'tag:yaml.org,2002:binary') return encoding;
  // PyYAML decodes !!binary before cloud-init looks at `encoding`.
  if (encoding.base64) throw text.problem(`${place}.content: base64 within !!binary is not supported`);
  return { ...encoding, base64: true };
}
