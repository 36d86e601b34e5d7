import { gzipSync } from 'node:zlib';

const limitBytes = 480 * 1024;
const kubeadm = 'apiVersion: kubeadm.k8s.io/v1beta3\nkind: JoinConfiguration\n';

/** User-data as large as it may be. */
function filled(head: string, unit: string, tail = ''): string {
  const room = limitBytes - 1 - head.length - tail.length;
  return head + unit.repeat(Math.floor(room / unit.length)) + tail;
}

function packed(content: string): string {
  const encoded = gzipSync(content).toString('base64');
  return `#cloud-config\nwrite_files:\n- path: /k\n  encoding: gzip+base64\n  content: ${encoded}\n`;
}

const anchors = Array.from({ length: 20_000 }, (_, index) => `- &a${index} v\n`).join('');

/** User-data that costs a parser seconds to minutes, or gigabytes; and where it is refused. */
export const hostileBootstrap: Readonly<Record<string, { userData: string; place: string }>> = {
  'escapes that YAML does not know': { userData: filled('#cloud-config\na: "', String.raw`\q`, '"'), place: 'line 2' },
  'aliases, each to the anchor in front': {
    userData: filled('#cloud-config\nx:\n', '- &a v\n- *a\n'),
    place: 'line 5',
  },
  'aliases, packed': { userData: packed(`${kubeadm}x:\n${'- &a v\n- *a\n'.repeat(8_000)}`), place: 'line 404' },
  aliases: { userData: `#cloud-config\nx:\n- &a v\n${'- *a\n'.repeat(20_000)}`, place: 'line 1004' },
  anchors: { userData: `#cloud-config\nx:\n${anchors}`, place: 'line 203' },
  'a list of small items': { userData: filled('#cloud-config\nx:\n', '- a\n'), place: 'too complex' },
  'lists of nothing': { userData: filled('#cloud-config\nx: [', '[],', ']'), place: 'line 2' },
  brackets: { userData: filled('#cloud-config\nx: ', '['), place: 'line 2' },
  comments: { userData: filled('#cloud-config\n', '#\n'), place: 'too complex' },
  tags: { userData: filled('#cloud-config\nx:\n', '- !a b\n'), place: 'line 3' },
  documents: { userData: filled('#cloud-config\n', '---\n'), place: 'too complex' },
  'documents, packed': { userData: packed(kubeadm + '---\n'.repeat(60_000)), place: 'too complex' },
  'megabytes, packed': { userData: packed(kubeadm + '- a\n'.repeat(1_900_000)), place: 'more than 256 KiB' },
  'many files': {
    userData: `#cloud-config\nwrite_files:\n${`- {content: ${JSON.stringify(`${kubeadm}x: [${'a,'.repeat(1_000)}]\n`)}}\n`.repeat(200)}`,
    place: 'too complex',
  },
};
