import { isAlias, isMap, isScalar, isSeq, type Scalar, type YAMLMap } from 'yaml';
import {
  type ContentEncoding,
  decodeContent,
  encodeContent,
  type InflateBudget,
  inflateLimitBytes,
  parseEncoding,
} from './content-encoding.ts';
import { unveil } from './jinja/veil.ts';
import type { ReadingBudget } from './yaml/scan.ts';
import type { YamlText } from './yaml/text.ts';
import { mentionsKubeadm, normaliseKubeadmDocuments } from './kubeadm-documents.ts';
import type { KubeadmNode } from './kubelet-arguments.ts';

/** Largest kubeadm file, unpacked. */
const kubeadmLimitBytes = 256 * 1024;

/**
 * Names the node in the kubeadm configurations of `write_files`; other files stay. Answers the names that they give the
 * node, see `readNodeName`.
 * @throws BootstrapProblem with the place
 */
export function normaliseFiles(
  text: YamlText,
  root: YAMLMap,
  node: KubeadmNode,
  reading: ReadingBudget,
): (string | undefined)[] {
  const files = text.find(root, 'write_files', 'top level')?.node;
  if (files === undefined || files === null || (isScalar(files) && files.value === null)) return [];
  if (!isSeq(files)) throw text.problem('write_files is not a list');
  const inflating: InflateBudget = { remainingBytes: inflateLimitBytes };
  return files.items.flatMap((file, index) => {
    if (isAlias(file)) throw text.problem(`write_files[${index}]: aliases are not supported here`);
    return isMap(file) ? normaliseFile(text, file, index, { node, inflating, reading }) : [];
  });
}

function normaliseFile(
  text: YamlText,
  file: YAMLMap,
  index: number,
  { node, inflating, reading }: { node: KubeadmNode; inflating: InflateBudget; reading: ReadingBudget },
): (string | undefined)[] {
  const place = `write_files[${index}]`;
  const content = text.find(file, 'content', place)?.node;
  if (isAlias(content)) throw text.problem(`${place}.content: aliases are not supported here`);
  if (!isScalar(content) || typeof content.value !== 'string') return [];
  const encoding = encodingOf(text, file, content, place);
  const encoded = encoding.base64 || encoding.gzip;
  if (encoded && /\{\{|\{%/.test(unveil(content.value))) return [];
  const decoded = decodeContent(content.value, encoding, inflating);
  if (decoded.kind === 'broken') throw text.problem(`${place}.content: ${decoded.fault}`);
  if (decoded.kind === 'binary' || !mentionsKubeadm(decoded.text)) return [];
  const path = text.find(file, 'path', place)?.node;
  if (Buffer.byteLength(decoded.text, 'utf8') > kubeadmLimitBytes) {
    throw text.problem(`${place}.content: a kubeadm file of more than ${kubeadmLimitBytes / 1024} KiB`);
  }
  const { content: changed, nodeNames } = normaliseKubeadmDocuments(decoded.text, node, {
    place: `user-data: ${place}.content`,
    budget: reading,
    isRead: isScalar(path) && isConfigOfKubeadm(text.source, String(path.value)),
  });
  if (changed !== decoded.text) {
    text.setContent(
      content,
      [0, 'write_files', index, 'content'],
      encoded ? encodeContent(changed, encoding) : changed,
    );
  }
  return nodeNames;
}

/** Whether a command names the file as kubeadm's configuration, so that it has to be one. */
function isConfigOfKubeadm(userData: string, path: string): boolean {
  return path !== '' && ['--config ', '--config='].some((option) => userData.includes(option + path));
}

function encodingOf(text: YamlText, file: YAMLMap, content: Scalar, place: string): ContentEncoding {
  const name = text.find(file, 'encoding', place)?.node;
  const encoding = parseEncoding(isScalar(name) && typeof name.value === 'string' ? name.value : '');
  if (content.tag !== 'tag:yaml.org,2002:binary') return encoding;
  // PyYAML decodes !!binary before cloud-init looks at `encoding`.
  if (encoding.base64) throw text.problem(`${place}.content: base64 within !!binary is not supported`);
  return { ...encoding, base64: true };
}
