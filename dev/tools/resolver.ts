import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { isAccessible, toolCacheDir, withFileLock } from './cache.ts';
import { checkGo, runGo } from './go.ts';
import { findInstalled } from './installed.ts';
import { writeLoopbackMain, writeLoopbackModule } from './loopback.ts';
import { reportToTerminal, type ToolReport } from './progress.ts';
import { readTool, type Tool, type ToolName, toolNames } from './table.ts';

/**
 * Path of each tool's binary: the one that `IRONLOOM_TOOL_<NAME>` names, else the cached one, else one that is installed
 * (see `findInstalled`), else a fresh build (minutes when Go's own cache is cold). Two processes never build the same tool at the same time.
 * @param names default: all tools of the management cluster
 * @param signal its abort ends a build, or the waiting for somebody else's
 * @throws ToolBuildError when Go is missing or too old or a build fails; Error when a variable names no program; the
 * signal's reason
 */
export async function resolveTools<N extends ToolName = ToolName>(
  names?: readonly N[],
  report: ToolReport = reportToTerminal(),
  signal?: AbortSignal,
): Promise<Record<N, string>> {
  const paths: Partial<Record<ToolName, string>> = {};
  const missing: Tool[] = [];
  for (const name of names ?? toolNames) {
    const tool = await readTool(name);
    const path = (await findTool(tool)) ?? (await takeInstalled(tool, report));
    if (path === undefined) missing.push(tool);
    else paths[name] = path;
  }
  const ended = new AbortController();
  const fetching = fetchAhead(missing.slice(1), ended.signal);
  try {
    const tools = missing.map(({ name }) => name);
    for (const [index, tool] of missing.entries()) {
      paths[tool.name] = await buildOnce(tool, { position: index + 1, tools }, report, signal);
    }
  } finally {
    report({ kind: 'finished' });
    ended.abort(new Error('All is built'));
    await fetching;
  }
  if (!hasEach(paths, names ?? toolNames)) throw new Error('A tool was neither found nor built');
  return paths;
}

/** Where a tool's binary is, or belongs, in the cache. */
export function cachedToolPath(tool: Tool): string {
  return join(toolCacheDir(), `${tool.name}-${tool.version}-${tool.hash}-${platform()}-${arch()}`);
}

async function findTool(tool: Tool): Promise<string | undefined> {
  const named = process.env[tool.envVariable];
  if (named !== undefined && named !== '') {
    if (await isAccessible(named)) return named;
    throw new Error(`${tool.envVariable}=${named} is not a program that can be run`);
  }
  const cached = cachedToolPath(tool);
  return (await isAccessible(cached)) ? cached : undefined;
}

/** What was taken, by place in the cache that it makes needless: asked for its version, and told, once. */
const taken = new Map<string, string>();

async function takeInstalled(tool: Tool, report: ToolReport): Promise<string | undefined> {
  const known = taken.get(cachedToolPath(tool));
  if (known !== undefined) return known;
  const found = await findInstalled(tool);
  if (found === undefined) return undefined;
  report({ kind: 'taken', tool: tool.name, ...found });
  taken.set(cachedToolPath(tool), found.path);
  return found.path;
}

/** Downloads what the tools are made of while those before them are compiled. A build says itself what it cannot get. */
async function fetchAhead(tools: readonly Tool[], signal: AbortSignal): Promise<void> {
  for (const tool of tools) {
    if (signal.aborted) return;
    const args = ['list', ...tagsOf(tool), '-deps', '-f', '{{.Name}}', tool.package];
    await runGo(args, tool.moduleDir, signal).catch(() => {});
  }
}

interface Place {
  position: number;
  tools: readonly ToolName[];
}

async function buildOnce(tool: Tool, place: Place, report: ToolReport, signal?: AbortSignal): Promise<string> {
  const path = cachedToolPath(tool);
  const event = { tool: tool.name, version: tool.version, ...place };
  return withFileLock(
    path,
    async () => {
      // Somebody else may have built it while we waited.
      if (await isAccessible(path)) return path;
      await checkGo(tool.moduleDir, tool.minimumGo);
      report({ kind: 'building', ...event });
      await buildTool(tool, path, signal);
      report({ kind: 'built', ...event });
      return path;
    },
    () => report({ kind: 'waiting', ...event }),
    signal,
  );
}

async function buildTool(tool: Tool, path: string, signal?: AbortSignal): Promise<void> {
  await mkdir(toolCacheDir(), { recursive: true });
  const workDir = await mkdtemp(join(toolCacheDir(), 'build-'));
  try {
    const binary = join(workDir, 'binary');
    const source = await prepareSource(tool, workDir);
    // Nobody debugs them, and what debuggers need takes a tenth of the compiler's time.
    const flags = ['-trimpath', '-buildvcs=false', '-gcflags=all=-dwarf=false', '-ldflags', tool.ldflags];
    await runGo(['build', ...tagsOf(tool), ...flags, '-o', binary, source.package], source.dir, signal);
    await rename(binary, path);
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
}

function tagsOf({ tags }: Tool): string[] {
  return tags === undefined ? [] : ['-tags', tags];
}

/** What is built, and in the folder of which module. */
async function prepareSource(tool: Tool, workDir: string): Promise<{ dir: string; package: string }> {
  if (tool.bindWebhooksToLoopback === true) return { dir: workDir, package: await writeLoopbackMain(tool, workDir) };
  if (tool.bindServersToLoopback !== true) return { dir: tool.moduleDir, package: tool.package };
  await writeLoopbackModule(tool, workDir);
  return { dir: workDir, package: tool.package };
}

function hasEach<N extends ToolName>(
  paths: Partial<Record<ToolName, string>>,
  names: readonly ToolName[],
): paths is Record<N, string> {
  return names.every((name) => paths[name] !== undefined);
}
