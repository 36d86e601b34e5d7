import { renderJoinConfig } from './bootstrap-data.ts';

/** Stands in all bad data: no message may quote it. */
export const badContent = 'zwieback';
/** Bootstrap data that no host can use, by the name of a host, and what a refusal says about the place. */
export const badBootstrap = {
  'bi-yaml': { userData: `#cloud-config\nwrite_files: [{ ${badContent}\n`, place: 'user-data' },
  'bi-script': { userData: `#!/bin/sh\necho ${badContent}\n`, place: 'line 1 is not #cloud-config' },
  'bi-control': { userData: `#cloud-config\n${badContent}: a\u0007b\n`, place: 'user-data: line 2: a character' },
  'bi-binary': { userData: Buffer.from(`#cloud-config\n${badContent}: \xff\n`, 'latin1'), place: 'not UTF-8' },
  'bi-list': { userData: `#cloud-config\n- ${badContent}\n`, place: 'the top level is not a mapping' },
  'bi-deep': { userData: `#cloud-config\n${badContent}: ${'['.repeat(20_000)}`, place: 'user-data' },
  'bi-large': { userData: `#cloud-config\n# ${badContent.repeat(65_000)}\n`, place: 'larger than 480 KiB' },
  'bi-version': {
    userData: renderJoinConfig({ secretFile: badContent, kubeadm: `kubeadm.k8s.io/${badContent}` }),
    place: 'write_files[1].content: document 1: apiVersion is none of the kubeadm versions',
  },
};
