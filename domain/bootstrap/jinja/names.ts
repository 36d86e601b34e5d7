import type { JinjaReference } from './expression.ts';
import type { HostMetaData } from './meta-data.ts';

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

const globals = words('cycler dict joiner lipsum namespace range loop caller varargs kwargs self');

/** cloud-init's own keys (cloudinit/sources/__init__.py); those of `v1` stand at the top as well. */
const standardKeys =
  '_beta_keys availability-zone availability_zone cloud_id cloud-name cloud_name distro distro_version distro_release platform public_ssh_keys python_version instance-id instance_id kernel_release local-hostname local_hostname machine region subplatform system_platform variant';
const topKeys = 'base64_encoded_keys ds merged_cfg merged_system_cfg sensitive_keys sys_info userdata v1 vendordata';
const standard = words(standardKeys);
const top = words(`${topKeys} ${standardKeys}`);

/** cloud-init shows a key with operators in it under a second name, too (get_jinja_variable_alias). */
function aliasOf(key: string): string {
  return key.replaceAll(/\*\*|\/\/|==|!=|>=|<=|[-+/*%~[\](){}><=.:|,;]/g, '_');
}

function hasKey(keys: Iterable<string>, wanted: string): boolean {
  for (const key of keys) if (key === wanted || aliasOf(key) === wanted) return true;
  return false;
}

/** The part of a reference that cloud-init will not know, such as `ds.meta_data.rack`; undefined: it knows all. */
export function unknownPart(
  { path }: JinjaReference,
  metaData: HostMetaData,
  own: ReadonlySet<string>,
): string | undefined {
  const [root = '', first, second, third] = path;
  if (own.has(root) || globals.has(root)) return undefined;
  if (!top.has(root)) return root;
  if (root === 'v1' && first !== undefined) return standard.has(first) ? undefined : show(path, 2);
  if (root !== 'ds' || first === undefined) return undefined;
  if (first !== 'meta_data') return first === '_doc' ? undefined : show(path, 2);
  if (second === undefined) return undefined;
  if (second === 'labels' && third !== undefined) {
    return hasKey(Object.keys(metaData.labels), third) || isMethod(third) ? undefined : show(path, 4);
  }
  const served = ['instance-id', 'dsmode', ...Object.keys(metaData)];
  return hasKey(served, second) || isMethod(second) ? undefined : show(path, 3);
}

/** A mapping has these as well. */
function isMethod(name: string): boolean {
  return ['get', 'items', 'keys', 'values'].includes(name);
}

/** The author of the template chose the names: what is no name is not shown. */
function show(path: readonly string[], length: number): string {
  return path
    .slice(0, length)
    .map((step) => (/^[\w./-]{1,63}$/.test(step) ? step : '…'))
    .join('.');
}
