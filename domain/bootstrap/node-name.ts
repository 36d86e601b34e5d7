import { isScalar } from 'yaml';
import { unveil } from './jinja/veil.ts';

/**
 * The name under which kubeadm registers a node whose `nodeRegistration.name` is this node of YAML: it drops spaces and
 * takes small letters. undefined: a template that is rendered on the host decides, or it is no name.
 */
export function readNodeName(name: unknown, hostname: string): string | undefined {
  if (name === undefined || name === null) return hostname;
  if (!isScalar(name)) return undefined;
  if (name.value === null || name.value === '') return hostname;
  if (typeof name.value !== 'string') return undefined;
  const text = unveil(name.value).trim().toLowerCase();
  return text.length <= 253 && /^[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/.test(text) ? text : undefined;
}

/** The one name that all configurations of a host give its node; without any it is that of the host. */
export function agreeOnNodeName(names: readonly (string | undefined)[], hostname: string): string | undefined {
  const [first] = names;
  if (names.length === 0) return hostname;
  return names.every((name) => name === first) ? first : undefined;
}
