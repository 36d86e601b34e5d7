import { readFileSync } from 'node:fs';
import { z } from 'zod';

const packageFile = new URL('../../package.json', import.meta.url);
const packageSchema = z.object({ version: z.string() });

/** What the manifests of config/ say, with its leading v. */
export const CURRENT_VERSION = `v${packageSchema.parse(JSON.parse(readFileSync(packageFile, 'utf8'))).version}`;

/** A whole value that is one variable: kustomize takes its quotes away. */
const bareValue = /^( {2}[A-Za-z_]+): (\$\{[^}\n]*\})$/gm;
const versioned = (version: string) => new RegExp(`^( +(?:image|value): .*)${version.replaceAll('.', '\\.')}$`, 'gm');

/**
 * Makes `infrastructure-components.yaml` of what kustomize printed of config/clusterctl, or its namespaced sister: images
 * and build id are those of the version.
 * @throws Error when image and build id of bridge and worker are not where they belong
 */
export function finishComponents(built: string, version: string): string {
  return quoteVariables(giveVersion(built, version, { places: 3, what: 'Two images and a build id' }));
}

/** The same for `console.yaml`, of config/console. @throws Error when its image is not where it belongs */
export function finishConsole(built: string, version: string): string {
  return giveVersion(built, version, { places: 1, what: 'One image' });
}

function giveVersion(built: string, version: string, { places, what }: { places: number; what: string }): string {
  const found = built.match(versioned(CURRENT_VERSION)) ?? [];
  if (found.length !== places) throw new Error(`${what} of ${CURRENT_VERSION} expected: ${found.join(';')}`);
  return built.replace(versioned(CURRENT_VERSION), `$1${version}`);
}

/** What replaces a variable stays a string, whatever it looks like. */
export function quoteVariables(built: string): string {
  return built.replace(bareValue, '$1: "$2"');
}
