import { createHash } from 'node:crypto';
import { isScalar } from 'yaml';
import type { KubeadmNode } from './kubelet-arguments.ts';
import { agreeOnNodeName } from './node-name.ts';
import { normaliseFiles } from './write-files.ts';
import { assertNever } from '../assert-never.ts';
import { decodeBytes } from './content-encoding.ts';
import { BootstrapProblem } from './yaml/problem.ts';
import type { HostMetaData } from './jinja/meta-data.ts';
import { checkReferences, veilTemplate } from './rendering.ts';
import { unveil } from './jinja/veil.ts';
import { findForeignBreak } from './yaml/pyyaml-scan.ts';
import { createReadingBudget, lineAt } from './yaml/scan.ts';
import { rootMap, YamlText } from './yaml/text.ts';

/** Largest user-data in bytes: base64 in a plan it still leaves room for outputs in a Secret of 1 MiB. */
export const userDataLimitBytes = 480 * 1024;

export interface BootstrapInput {
  /** `data.value` of the bootstrap Secret, its base64 decoded. */
  userData: string | Uint8Array;
  /** `data.format` of the bootstrap Secret, decoded; absent means cloud-config. */
  format?: string | undefined;
  /** What a template can ask for; its host name and provider id are those of the node. */
  metaData: HostMetaData;
  /** Where the host stands: a value of a label. Absent: nobody has said. */
  failureDomain?: string | undefined;
}

export type NormalisedBootstrap =
  | {
      kind: 'normalised';
      userData: string;
      /** sha256 hex of `userData`. */
      hash: string;
      /** As which the host will register; undefined: known there only. */
      nodeName: string | undefined;
    }
  /** `message` names the place, never content. */
  | { kind: 'invalid'; message: string }
  | { kind: 'unsupportedFormat'; format: string };

/**
 * Gives a cloud-config the host's names (system.md section 4): `hostname`, `fqdn` and, in kubeadm's Init and Join
 * configurations, provider id, CRI socket, node name and the label of its failure domain. Bytes that these fields do not need stay as they are, and
 * normalising twice gives the same bytes.
 */
export function normaliseBootstrap(input: BootstrapInput): NormalisedBootstrap {
  const format = (input.format ?? '').trim();
  if (format !== '' && format !== 'cloud-config') {
    return { kind: 'unsupportedFormat', format: /^[a-z0-9.-]{1,32}$/i.test(format) ? format : 'unknown' };
  }
  try {
    const { userData, nodeName } = normalise(input);
    return {
      kind: 'normalised',
      userData,
      hash: createHash('sha256').update(userData, 'utf8').digest('hex'),
      nodeName,
    };
  } catch (error) {
    if (error instanceof BootstrapProblem) return { kind: 'invalid', message: error.message };
    // Of all faults of the parser on hostile input only the stack's end is known; its message could quote content.
    return { kind: 'invalid', message: 'user-data: too deeply nested or otherwise impossible to parse' };
  }
}

function normalise({ userData: value, metaData, failureDomain }: BootstrapInput): Completed {
  const { hostname, providerid: providerID } = metaData;
  checkNames(hostname, providerID, failureDomain);
  const userData = typeof value === 'string' ? value : decodeUserData(value);
  checkShape(userData);
  const completed = complete(veilTemplate(userData), { hostname, providerID, failureDomain });
  const result = unveil(completed.userData);
  checkReferences(userData, result, metaData);
  checkSize(result);
  return { ...completed, userData: result };
}

interface Completed {
  userData: string;
  nodeName: string | undefined;
}

/** The text, a template under its veil, with the host's names. */
function complete(source: string, node: KubeadmNode): Completed {
  const { hostname } = node;
  const budget = createReadingBudget();
  const text = new YamlText(source, 'user-data', { budget, reader: 'pyyaml' });
  if (text.documents.length > 1) throw text.problem('more than one YAML document');
  const contents = text.documents[0]?.contents ?? null;
  if (contents === null || (isScalar(contents) && contents.value === null)) {
    return { userData: addNames(text, hostname), nodeName: hostname };
  }
  const root = rootMap(text.documents[0]);
  if (root === undefined) throw text.problem('the top level is not a mapping');
  const nodeNames = normaliseFiles(text, root, node, budget);
  text.set(root, [0], 'hostname', hostname);
  text.set(root, [0], 'fqdn', hostname);
  return { userData: text.render(), nodeName: agreeOnNodeName(nodeNames, hostname) };
}

/** Packed user-data is unpacked, as cloud-init does (cloudinit/util.py, decomp_gzip). */
function decodeUserData(value: Uint8Array): string {
  const decoded = decodeBytes(Buffer.from(value), { gzip: value[0] === 0x1f && value[1] === 0x8b }, userDataLimitBytes);
  switch (decoded.kind) {
    case 'text':
      return decoded.text;
    case 'binary':
      throw new BootstrapProblem('user-data: not UTF-8 text');
    case 'broken':
      throw new BootstrapProblem(`user-data: ${decoded.fault}`);
    default:
      return assertNever(decoded);
  }
}

/** For a cloud-config without any key. */
function addNames(text: YamlText, hostname: string): string {
  const end = text.source.endsWith('\n') ? '' : '\n';
  const result = `${text.source}${end}hostname: "${hostname}"\nfqdn: "${hostname}"\n`;
  const documents = new YamlText(result, 'user-data', { budget: createReadingBudget(), reader: 'pyyaml' }).documents;
  if (documents.length !== 1 || rootMap(documents[0]) === undefined)
    throw text.problem('the top level is not a mapping');
  return result;
}

function checkNames(hostname: string, providerID: string, failureDomain: string | undefined): void {
  const label = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?';
  if (hostname.length > 63 || !new RegExp(`^${label}(?:\\.${label})*$`).test(hostname)) {
    throw new BootstrapProblem("hostname: the pool member's hostname is not a DNS-1123 name of at most 63 characters");
  }
  if (!/^baremetal:\/\/\/[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/.test(providerID)) {
    throw new BootstrapProblem('providerID: not baremetal:///<inventory>');
  }
  if (failureDomain !== undefined && !/^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/.test(failureDomain)) {
    throw new BootstrapProblem('the failure domain of the host is no value of a label');
  }
}

/** YAML 1.1, section 5.1: cloud-init's parser refuses a document that has one, which ours would take. */
const unprintableCharacter = /[^\t\n\r\x20-\x7E\x85\u{A0}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u;

/**
 * cloud-init takes data for a cloud-config by its first line, or by its second below `## template: jinja`, spelled just
 * so (cloudinit/handlers/__init__.py, type_from_starts_with); anything else, a byte order mark too, it ignores.
 */
const header = /^(?:## template: jinja[ \t]*\r?\n|\s*#cloud-config[ \t]*\r?(?:\n|$))/i;

function checkShape(userData: string): void {
  checkSize(userData);
  if (/^content-type:|^mime-version:/i.test(userData)) {
    throw new BootstrapProblem('user-data: MIME multi-part data is not supported, only cloud-config');
  }
  if (userData.startsWith('\uFEFF')) {
    throw new BootstrapProblem('user-data: line 1 begins with a byte order mark, which cloud-init does not take');
  }
  if (!header.test(userData)) {
    throw new BootstrapProblem(
      'user-data: line 1 is not #cloud-config, nor ## template: jinja with #cloud-config below',
    );
  }
  const unprintable = userData.search(unprintableCharacter);
  if (unprintable >= 0) {
    throw new BootstrapProblem(
      `user-data: line ${lineAt(userData, unprintable)}: a character that YAML does not allow`,
    );
  }
  const lineBreak = findForeignBreak(userData);
  if (lineBreak >= 0) {
    throw new BootstrapProblem(
      `user-data: line ${lineAt(userData, lineBreak)}: a character that the host's YAML reader takes for the end of a line`,
    );
  }
}

function checkSize(userData: string): void {
  if (Buffer.byteLength(userData, 'utf8') > userDataLimitBytes) {
    throw new BootstrapProblem(`user-data: larger than ${userDataLimitBytes / 1024} KiB, a plan Secret cannot hold it`);
  }
}
