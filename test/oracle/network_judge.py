"""What each renderer makes of a network-config, said in the lines of test/support/network-lines.ts."""

import configparser
import copy
import ipaddress
import os
import re
import shutil
import subprocess

import yaml
from cloudinit import net, stages, util, version
from cloudinit.net import netplan, network_manager, network_state, networkd, sysconfig

from warnings_log import recorded_warnings

GENERATORS = ["/usr/libexec/netplan/generate", "/usr/lib/netplan/generate", "/lib/netplan/generate"]
SYSCONFIG = {
    "sysconfig": {
        "flavor": "rhel",
        "control": "etc/sysconfig/network",
        "iface_templates": "%(base)s/network-scripts/ifcfg-%(name)s",
        "route_templates": {
            "ipv4": "%(base)s/network-scripts/route-%(name)s",
            "ipv6": "%(base)s/network-scripts/route6-%(name)s",
        },
    },
    "sysconfig-suse": {
        "flavor": "suse",
        "control": "etc/sysconfig/network/config",
        "iface_templates": "%(base)s/network/ifcfg-%(name)s",
        "route_templates": {
            "ipv4": "%(base)s/network/ifroute-%(name)s",
            "ipv6": "%(base)s/network/ifroute-%(name)s",
        },
    },
}
BOND = {
    "Mode": "mode",
    "LACPTransmitRate": "lacp-rate",
    "MIIMonitorSec": "mii-monitor-interval",
    "MinLinks": "min-links",
    "TransmitHashPolicy": "transmit-hash-policy",
    "UpDelaySec": "up-delay",
    "DownDelaySec": "down-delay",
    "AdSelect": "ad-select",
    "GratuitousARP": "gratuitous-arp",
    "PrimaryReselectPolicy": "primary-reselect-policy",
    "FailOverMACPolicy": "fail-over-mac-policy",
}
BRIDGE = {
    "STP": "stp",
    "Priority": "priority",
    "ForwardDelaySec": "forward-delay",
    "HelloTimeSec": "hello-time",
    "MaxAgeSec": "max-age",
    "AgeingTimeSec": "ageing-time",
}


class NetworkJudge:
    def __init__(self, folder):
        self.root = os.path.join(folder, "netplan")
        self.generator = next(path for path in GENERATORS if os.path.exists(path))
        # No name of a card of this machine may find its way into the answers.
        net.get_interfaces_by_mac = network_state.get_interfaces_by_mac = lambda *_: {}
        network_state.find_interface_name_from_mac = lambda *_: None
        # It dumps its state for the log at each step.
        network_state.NetworkStateInterpreter.dump_network_state = lambda _: ""
        self.written = {}
        util.write_file = lambda path, content, *_, **__: self.written.__setitem__(path, content)
        util.ensure_dir = lambda *_, **__: None
        util.chownbyname = lambda *_, **__: None

    def describe(self):
        return {
            "cloudInit": version.version_string(),
            "pyyaml": yaml.__version__,
            "keepsMetrics": self.read_route("10.0.0.0/8", "192.0.2.1").get("metric") == 7,
            "keepsIpv6Default": self.read_route("::/0", "fe80::1")["prefix"] == 0,
        }

    @staticmethod
    def read_route(to, via):
        """What this cloud-init hands on of a route to those renderers that do not take version 2 as it is."""
        routes = [{"to": to, "via": via, "metric": 7}]
        config = {"version": 2, "ethernets": {"a": {"addresses": ["192.0.2.2/24"], "routes": routes}}}
        (interface,) = network_state.parse_net_config_data(config).iter_interfaces()
        return interface["subnets"][0]["routes"][0]

    def judge(self, text, thorough):
        try:
            loaded = util.load_yaml(text)
            config = stages.Init._remove_top_level_network_key(None, loaded)
        except Exception as error:  # pylint: disable=broad-except
            return {"error": repr(error)}
        if loaded is None:
            return {"error": "cloud-init reads no YAML"}
        if net.is_disabled_cfg(config):
            return {"disabled": True, "judges": {}}
        renderers = {
            "netplan": lambda: self.through_netplan(config, thorough),
            "networkd": lambda: lines_of_networkd(networkd.Renderer({})._render_content(parse(config))),
            "network-manager": lambda: self.through_network_manager(config),
            "sysconfig": lambda: self.through_sysconfig(config, "sysconfig"),
            "sysconfig-suse": lambda: self.through_sysconfig(config, "sysconfig-suse"),
        }
        return {"disabled": False, "judges": {name: heard(render) for name, render in renderers.items()}}

    def through_netplan(self, config, thorough):
        renderer = netplan.Renderer({"features": []})
        content = renderer._render_content(parse(config, renderer))
        shutil.rmtree(self.root, ignore_errors=True)
        os.makedirs(os.path.join(self.root, "etc/netplan"))
        path = os.path.join(self.root, "etc/netplan/50-cloud-init.yaml")
        with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
            file.write(content)
        commands = [[self.generator]]
        if thorough:
            commands.append(["netplan", "generate"])
        for command in commands:
            done = subprocess.run(
                [*command, "--root-dir", self.root], capture_output=True, text=True, timeout=60, check=False, close_fds=False
            )
            if done.returncode != 0 or done.stderr.strip():
                raise RuntimeError(f"netplan generate: {done.returncode} {done.stderr}")
        folder = os.path.join(self.root, "run/systemd/network")
        files = {}
        for name in os.listdir(folder) if os.path.isdir(folder) else []:
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                files[name] = read_sections(file.read())
        return lines_of_netplan(files)

    def through_network_manager(self, config):
        self.written.clear()
        network_manager.Renderer().render_network_state(parse(config), target="/target")
        return lines_of_keyfiles(self.written.values())

    def through_sysconfig(self, config, name):
        self.written.clear()
        renderer = sysconfig.Renderer(SYSCONFIG[name])
        renderer.render_network_state(parse(config), target="/target")
        return lines_of_sysconfig(self.written)


def parse(config, renderer=None):
    # A renderer may change what it is given.
    return network_state.parse_net_config_data(copy.deepcopy(config), renderer=renderer)


def heard(render):
    with recorded_warnings() as warnings:
        try:
            return {"lines": sorted(set(render())), "warnings": warnings}
        except Exception as error:  # pylint: disable=broad-except
            return {"error": repr(error), "lines": [], "warnings": warnings}


def read_sections(text):
    """A unit of systemd: sections may come again."""
    sections = []
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("["):
            sections.append((line[1:-1], []))
        elif "=" in line and not line.startswith("#"):
            sections[-1][1].append(tuple(line.split("=", 1)))
    return sections


def values(sections, section, key):
    return [value for name, pairs in sections if name == section for one, value in pairs if one == key]


def route_line(name, to, via, metric=None, on_link=False):
    way = "" if via in (None, "", "0.0.0.0", "::") else f" via {via}"
    return f"route {name} {to}{way}{' on-link' if on_link else ''}{'' if metric is None else f' metric {metric}'}"


def lines_of_units(name, sections):
    """What network units of netplan and of cloud-init have in common."""
    yield from (f"mtu {name} {value}" for value in values(sections, "Link", "MTUBytes"))
    for section in ("Network", "Address"):
        yield from (f"address {name} {value}" for value in values(sections, section, "Address"))
    for server in values(sections, "Network", "DNS"):
        yield from (f"dns {one}" for one in server.split())
    for domain in values(sections, "Network", "Domains"):
        yield from (f"search {one}" for one in domain.split())
    for section, pairs in sections:
        if section == "Route":
            route = dict(pairs)
            on_link = route.get("GatewayOnLink") in ("true", "yes")
            yield route_line(name, route["Destination"], route.get("Gateway"), route.get("Metric"), on_link)


def lines_of_netplan(files):
    networks = {name: sections for name, sections in files.items() if name.endswith(".network")}
    devices = {values(sections, "NetDev", "Name")[0]: sections for name, sections in files.items() if name.endswith(".netdev")}
    ports = {}
    links = {}
    primaries = {}
    for sections in networks.values():
        name = (values(sections, "Match", "Name") or [None])[0]
        for above in values(sections, "Network", "Bond") + values(sections, "Network", "Bridge"):
            ports.setdefault(above, []).append(name)
            if values(sections, "Network", "PrimarySlave"):
                primaries[above] = name
        for above in values(sections, "Network", "VLAN"):
            links[above] = name
    for file, sections in networks.items():
        name = (values(sections, "Match", "Name") or [file])[0]
        if name not in devices:
            macs = values(sections, "Match", "PermanentMACAddress") + values(sections, "Match", "MACAddress")
            yield " ".join(["card", name, *macs])
        yield from lines_of_units(name, sections)
    for name, sections in devices.items():
        kind = values(sections, "NetDev", "Kind")[0]
        yield from (f"mtu {name} {value}" for value in values(sections, "NetDev", "MTUBytes"))
        if kind == "vlan":
            yield f"vlan {name} {values(sections, 'VLAN', 'Id')[0]} on {links.get(name)}"
        else:
            known = BOND if kind == "bond" else BRIDGE
            pairs = [pair for section, some in sections if section.lower() == kind for pair in some]
            said = [f"{known[key]}={plain(value)}" for key, value in pairs if key in known]
            said += [f"primary={primaries[name]}"] if name in primaries else []
            yield " ".join([kind, name, "of", *sorted(ports.get(name, [])), *sorted(said)])


def plain(value):
    return re.sub(r"^(\d+)(?:ms|s)$", r"\1", value)


def lines_of_networkd(files):
    for name, content in files.items():
        sections = read_sections(content)
        yield " ".join(["card", name, *values(sections, "Match", "MACAddress")])
        yield from lines_of_units(name, sections)


def lines_of_keyfiles(texts):
    files = []
    for text in texts:
        parser = configparser.ConfigParser(interpolation=None)
        parser.optionxform = str
        parser.read_string(text)
        files.append(parser)
    names = {file["connection"]["uuid"]: file["connection"]["id"].removeprefix("cloud-init ") for file in files}
    ports = {}
    for file in files:
        if "master" in file["connection"]:
            ports.setdefault(names[file["connection"]["master"]], []).append(names[file["connection"]["uuid"]])
    for file in files:
        name = names[file["connection"]["uuid"]]
        kind = file["connection"]["type"]
        own = file[kind]
        if kind == "ethernet":
            mac = own.get("mac-address")
            yield f"card {name}" if mac is None else f"card {name} {mac.lower()}"
            if mac is None and file["connection"].get("interface-name") != name:
                raise ValueError(f"{name} matches no card")
        elif kind == "vlan":
            yield f"vlan {name} {own['id']} on {names[own['parent']]}"
        elif kind == "bond":
            yield " ".join(["bond", name, "of", *sorted(ports.get(name, [])), f"mode={own['mode']}"])
        elif kind == "bridge":
            yield " ".join(["bridge", name, "of", *sorted(ports.get(name, []))])
        if "mtu" in own:
            yield f"mtu {name} {own['mtu']}"
        for family in ("ipv4", "ipv6"):
            for key, value in file[family].items() if file.has_section(family) else []:
                if re.fullmatch(r"address\d+", key):
                    yield f"address {name} {value}"
                elif re.fullmatch(r"route\d+", key):
                    to, via, metric = [*value.split(","), None, None][:3]
                    yield route_line(name, to, via, metric)
                elif key in ("dns", "dns-search"):
                    word = {"dns": "dns", "dns-search": "search"}[key]
                    yield from (f"{word} {one}" for one in value.split(";") if one)


def read_shell(text):
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {key: value.strip('"') for key, value in pairs}


def lines_of_sysconfig(files):
    interfaces = {}
    for path, text in files.items():
        kind, _, name = os.path.basename(path).partition("-")
        if kind == "ifcfg":
            interfaces[name] = read_shell(text)
    ports = {}
    for name, fields in interfaces.items():
        for key in ("MASTER", "BRIDGE"):
            if fields.get(key) not in (None, "yes"):
                ports.setdefault(fields[key], []).append(name)
        for key, value in fields.items():
            if re.fullmatch(r"BONDING_SLAVE_?\d+", key):
                ports.setdefault(name, []).append(value)
        if "BRIDGE_PORTS" in fields:
            ports[name] = fields["BRIDGE_PORTS"].split()
    for name, fields in interfaces.items():
        yield from lines_of_ifcfg(name, fields, sorted(set(ports.get(name, []))))
    for path, text in files.items():
        kind, _, name = os.path.basename(path).partition("-")
        if kind == "route":
            fields = read_shell(text)
            for key in [key for key in fields if key.startswith("ADDRESS")]:
                index = key.removeprefix("ADDRESS")
                to = ipaddress.ip_network(f"{fields[key]}/{fields[f'NETMASK{index}']}")
                yield route_line(name, to, fields[f"GATEWAY{index}"], fields.get(f"METRIC{index}"))
        elif kind == "route6":
            for to, via, metric in re.findall(r"^(\S+) via (\S+) +(?:metric (\d+))? *dev", text, re.M):
                yield route_line(name, to, via, metric or None)
        elif kind == "resolv.conf":
            for word, rest in re.findall(r"^(nameserver|search) (.*)$", text, re.M):
                yield from (f"{'dns' if word == 'nameserver' else word} {one}" for one in rest.split())


def lines_of_ifcfg(name, fields, ports):
    mac = fields.get("HWADDR", fields.get("LLADDR"))
    if "BONDING_OPTS" in fields or "BONDING_MODULE_OPTS" in fields:
        options = fields.get("BONDING_OPTS", fields.get("BONDING_MODULE_OPTS", "")).split()
        # A port carries the options of its bond, too.
        if ports:
            yield " ".join(["bond", name, "of", *ports, *(one for one in options if one.startswith("mode="))])
        else:
            yield " ".join(["card", name, *([mac] if mac else [])])
    elif ports:
        yield " ".join(["bridge", name, "of", *ports])
    elif "PHYSDEV" in fields or "ETHERDEVICE" in fields:
        yield f"vlan {name} on {fields.get('PHYSDEV', fields.get('ETHERDEVICE'))}"
    else:
        yield " ".join(["card", name, *([mac] if mac else [])])
    if "MTU" in fields:
        yield f"mtu {name} {fields['MTU']}"
    for key, value in fields.items():
        if re.fullmatch(r"IPADDR\d*", key) and ":" not in value:
            mask = fields[key.replace("IPADDR", "NETMASK")]
            yield f"address {name} {value}/{ipaddress.ip_network(f'0.0.0.0/{mask}').prefixlen}"
        elif re.fullmatch(r"IPADDR6(_\d+)?|IPV6ADDR(_SECONDARIES)?", key):
            yield from (f"address {name} {one}" for one in value.split())
    for key, to in (("GATEWAY", "0.0.0.0/0"), ("IPV6_DEFAULTGW", "::/0")):
        if key in fields:
            yield route_line(name, to, fields[key], fields.get("METRIC"))
