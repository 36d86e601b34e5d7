/** Interfaces that container networks, virtual machines and tunnels make by themselves, by their usual names. */
const names = [
  // container networks
  'cni.*|flannel[.-].*|cali.*|.*[.-]calico?|cilium_.*|lxc.*|lxd.*|weave|vethwe.*|datapath|kube-.*|nodelocaldns',
  'antrea-.*|ovn.*|ovs-.*|genev_sys.*|br-int|br-tun|cbr0|mynet\\d+',
  // containers and virtual machines on the host
  'docker.*|br-[0-9a-f]{12}|podman\\d*|nerdctl\\d*|veth.*|virbr.*|vnet\\d+|macvtap.*|ipvl.*|ifb\\d+|dummy\\d*',
  // tunnels
  'tunl\\d+|tun\\d+|tap\\d.*|ip6tnl\\d+|ip6gre\\d+|sit\\d+|gre\\d+|gretap\\d+|erspan\\d+|ip6?_vti\\d+',
  'vxlan.*|geneve\\d*|wg\\d+|wireguard.*|tailscale\\d+',
];
const foreignName = new RegExp(`^(?:lo|${names.join('|')})$`);

/** What Linux calls kinds of which no host's network is made. */
const foreignKinds = new Set([
  'loopback',
  'veth',
  'dummy',
  'ifb',
  'tun',
  'tap',
  'vxlan',
  'geneve',
  'wireguard',
  'openvswitch',
  'nlmon',
  'ipip',
  'sit',
  'gre',
  'gretap',
  'erspan',
  'ip6gre',
  'ip6gretap',
  'ip6erspan',
  'ip6tnl',
  'vti',
  'vti6',
  'macvlan',
  'macvtap',
  'ipvlan',
  'ipvtap',
]);

/** Whether an interface is not the host's own. Its routes and addresses are not replayed. */
export function isForeignInterface(name: string, kind?: string): boolean {
  return foreignName.test(name) || foreignKinds.has((kind ?? '').toLowerCase());
}
