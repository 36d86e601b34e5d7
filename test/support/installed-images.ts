import type { Site } from './site.ts';

const REPOSITORY = 'registry.example.com/baremetal/node-image:';

/** Tags of the images of the samples' catalog that the host was upgraded to, in order. */
export async function installedImages(site: Site, host: string): Promise<string[]> {
  const commands = await site.host(host).disk.commands();
  return commands
    .filter(({ command, args }) => command === 'elemental' && args[0] === 'upgrade')
    .map(({ args }) => args.find((arg) => arg.startsWith(REPOSITORY))?.slice(REPOSITORY.length) ?? '');
}
