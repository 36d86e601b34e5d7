/**
 * What imports do not tell: files that are read, bundled or started by their path, and the modules that do so. Each
 * changed file counts as a change of the modules in its line, too.
 */
const readers: readonly (readonly [changed: RegExp, readers: readonly string[]])[] = [
  // Worker, bridge and console are processes of their own.
  [
    /^(api|domain|journal|reading|runtime|activities|workflows|workers|k8s-bridge|console)\/.*\.ts$/,
    ['dev/lab/services.ts'],
  ],
  [/^(api|domain)\/.*\.ts$|^reading\/|^runtime\/thread-pool\.ts$/, ['reading/reader.ts']],
  [/^(api|domain|workflows)\/.*\.ts$/, ['workers/worker.ts', 'workers/bundle.ts']],
  [/^(api|domain|journal|runtime|workflows|cli)\/.*\.ts$/, ['test/support/cli.ts']],
  [/^config\/samples\//, ['dev/lab/samples.ts', 'test/support/control-plane.ts']],
  [/^config\/(rbac|manager)\//, ['dev/stack/rbac.ts']],
  [/^config\/(rbac|console)\//, ['test/support/rights.ts']],
  [/^config\/(crd|policy)\/|^dev\/stack\/crds\//, ['dev/stack/kubernetes.ts']],
  [/^config\/crd\//, ['config/generate-crds.ts']],
  [/^config\/|^Dockerfile$|^\.dockerignore$/, ['test/config/manifests.test.ts']],
  [/^docker-compose\.yml$|^test\/config\/compose-spec\.json$/, ['test/config/docker-compose.test.ts']],
  [/^config\/|^CHANGELOG\.md$/, ['dev/release/render-release.ts']],
  [/^config\/(policy|rbac)\//, ['test/k8s-bridge/crd-marks.test.ts']],
  [/^config\/monitoring\/|^docs\/runbooks\.md$/, ['test/support/monitoring.ts', 'test/config/monitoring.test.ts']],
  [/^docs\/monitoring\.md$/, ['test/runtime/metric-definitions.test.ts']],
  [/^dev\/host\/os\/commands\//, ['dev/host/os/command-folder.ts']],
  [/^dev\/tools\/.*\.(go|mod|sum)$/, ['dev/tools/table.ts']],
  [/^docs\/operations\.md$/, ['test/config/manifests.test.ts']],
  [/^docs\/|^(README|CONTRIBUTING)\.md$/, ['test/docs/pages.test.ts']],
  [/^docs\/(operations|guides\/(node-management|uninstall))\.md$/, ['test/docs/commands.ts']],
  [/^docs\/lifecycle\.md$/, ['test/domain/life/operations.test.ts']],
  [/^test\/domain\/plan\/golden\//, ['test/domain/plan/scripts.test.ts']],
  [/^test\/replay\/histories\//, ['test/replay/histories.ts']],
];

/** A module, prose, or what no test looks at. */
const knownToReachNobodyElse =
  /\.(ts|md)$|^LICENSE$|^\.ci\/|^\.(gitignore|npmrc|oxfmtrc\.json|oxlintrc\.json)$|^knip\.json$/;

/** Its change runs all tests, which is vitest's own default. */
export const everything = 'package.json';

/** The changed files, all relative to the repository, and those that stand for what depends on them unseen. */
export function addReaders(changed: readonly string[]): string[] {
  const all = changed.flatMap((file) => {
    const found = readers.filter(([pattern]) => pattern.test(file)).flatMap(([, modules]) => modules);
    return found.length > 0 || knownToReachNobodyElse.test(file) ? [file, ...found] : [file, everything];
  });
  return [...new Set(all)];
}

/** Every module that `addReaders` may name. */
export const readerModules: readonly string[] = [...new Set(readers.flatMap(([, modules]) => modules))];
