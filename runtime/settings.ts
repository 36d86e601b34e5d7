import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Variables by name. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Reads what a kubelet shows of ConfigMaps and Secrets: one folder each, which may be empty, one file a variable. Of the
 * same name that of the last folder counts, by the names of the folders, as with `envFrom`.
 * @throws when the folder is not there
 */
export async function readSettings(folder: string): Promise<Variables> {
  const settings: Record<string, string> = {};
  for (const source of (await readdir(folder)).toSorted()) {
    for (const name of await listVariables(join(folder, source))) {
      settings[name] = await readFile(join(folder, source, name), 'utf8');
    }
  }
  return settings;
}

/** Without the kubelet's own `..data`. */
async function listVariables(source: string): Promise<string[]> {
  return (await readdir(source)).filter((name) => !name.startsWith('..'));
}

/**
 * The environment that a process would have if it began now: what came from the settings as they were then comes from
 * those of now, and what goes before them stays.
 * @param then the settings when the environment was made, or later
 */
export function nextEnvironment(environment: Variables, then: Variables, now: Variables): Variables {
  const next = { ...environment };
  for (const name of new Set([...Object.keys(then), ...Object.keys(now)])) {
    if (environment[name] === then[name]) next[name] = now[name];
  }
  return next;
}

export function isSameEnvironment(one: Variables, other: Variables): boolean {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].every((name) => one[name] === other[name]);
}
