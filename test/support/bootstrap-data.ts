export interface JoinConfigOptions {
  /** Group version of the kubeadm document. */
  kubeadm?: string;
  /** Content of a file beside it. */
  secretFile?: string;
  /** `nodeRegistration.name`; by default the expression for the host name. */
  nodeName?: string;
}

/** What a bootstrap provider would write for a worker, short. */
export function renderJoinConfig(options: JoinConfigOptions = {}): string {
  const {
    kubeadm = 'kubeadm.k8s.io/v1beta4',
    secretFile = 'nothing secret',
    nodeName = '{{ ds.meta_data.local_hostname }}',
  } = options;
  return `## template: jinja
#cloud-config

write_files:
-   path: /etc/example/secret
    owner: root:root
    permissions: '0600'
    content: ${JSON.stringify(secretFile)}
-   path: /run/kubeadm/kubeadm-join-config.yaml
    owner: root:root
    permissions: '0640'
    content: |
      ---
      apiVersion: ${kubeadm}
      discovery:
        bootstrapToken:
          apiServerEndpoint: 192.0.2.10:6443
          token: abcdef.0123456789abcdef
          unsafeSkipCAVerification: true
      kind: JoinConfiguration
      nodeRegistration:
        name: '${nodeName}'
runcmd:
  - 'kubeadm join --config /run/kubeadm/kubeadm-join-config.yaml'
`;
}
