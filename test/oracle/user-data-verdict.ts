import { z } from 'zod';
import type { userDataAnswerSchema } from './judges.ts';
import { host } from './normalise-for-host.ts';

type Answer = ReturnType<typeof userDataAnswerSchema.parse>;
const mapping = z.record(z.string(), z.unknown());
const socket = 'unix:///var/run/containerd/containerd.sock';

/** What cloud-init sees, with the named fields as they must be: equal before and after. */
export function expectedView({ config, files }: Answer): unknown {
  return view(config, files, completeDocument);
}

/** What cloud-init sees. */
export function actualView({ config, files }: Answer): unknown {
  return view(config, files, (document) => document);
}

function view(config: Answer['config'], files: Answer['files'], complete: (document: unknown) => unknown): unknown {
  const writeFiles = z.array(mapping).catch([]).parse(config['write_files']);
  return {
    ...config,
    hostname: host.name,
    fqdn: host.name,
    write_files: writeFiles.map((entry, at) => {
      const fields = Object.fromEntries(Object.entries(entry).filter(([key]) => key !== 'content'));
      const file = files[at];
      return {
        ...fields,
        ...(file?.documents === undefined ? file : { ...file, content: '', documents: file.documents.map(complete) }),
      };
    }),
  };
}

/** A kubeadm document as the contract wants it. */
function completeDocument(document: unknown): unknown {
  const fields = mapping.safeParse(document).data;
  const version = String(fields?.['apiVersion']);
  if (fields === undefined || !version.startsWith('kubeadm.k8s.io/')) return document;
  if (fields['kind'] !== 'InitConfiguration' && fields['kind'] !== 'JoinConfiguration') return document;
  const node = mapping.catch({}).parse(fields['nodeRegistration']);
  const args = version.endsWith('v1beta4')
    ? completeList(node['kubeletExtraArgs'])
    : completeMap(node['kubeletExtraArgs']);
  const criSocket = node['criSocket'] || socket;
  const name = typeof node['name'] === 'string' && node['name'].startsWith('{{') ? { name: host.name } : {};
  return { ...fields, nodeRegistration: { ...node, ...name, criSocket, kubeletExtraArgs: args } };
}

function completeMap(args: unknown): unknown {
  return { ...mapping.catch({}).parse(args), 'provider-id': host.providerID };
}

function completeList(args: unknown): unknown {
  const list = z.array(mapping).catch([]).parse(args);
  const found = list.some(({ name }) => name === 'provider-id');
  const value = host.providerID;
  if (!found) return [{ name: 'provider-id', value }, ...list];
  return list.map((argument) => (argument['name'] === 'provider-id' ? { ...argument, value } : argument));
}
