import Table from 'cli-table3';
import { loadClusterApiManifests } from './stack/cluster-api-manifests.ts';
import { ToolBuildError } from './tools/go.ts';
import { resolveTools } from './tools/resolver.ts';
import { readTool, toolNames } from './tools/table.ts';

// Builds whatever the management cluster needs and is not in the cache yet, and prints where it lies.
try {
  const paths = await resolveTools();
  await loadClusterApiManifests();
  const table = new Table({ head: ['tool', 'version', 'path'], style: { head: [], border: [] } });
  for (const name of toolNames) table.push([name, (await readTool(name)).version, paths[name]]);
  console.log(table.toString());
} catch (error) {
  if (!(error instanceof ToolBuildError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
