import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CURRENT_VERSION } from './release/components.ts';

const USAGE = `Usage: npm run image [-- --tag NAME] [-- --base IMAGE] [-- --platform linux/arm64]
Builds the image of this checkout with docker, podman or buildah, whichever answers first.
  --tag       default: registry.example.com/ironloom/ironloom:${CURRENT_VERSION}
  --base      image with Node 24, default: that of the Dockerfile
  --platform  default: this machine's; another one needs its emulation`;

/** All three know `info`, which fails where a daemon does not answer, and `build`. */
const builders = ['docker', 'podman', 'buildah'];

const { values } = parseArgs({
  options: {
    tag: { type: 'string', default: `registry.example.com/ironloom/ironloom:${CURRENT_VERSION}` },
    base: { type: 'string' },
    platform: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help === true) console.log(USAGE);
else process.exitCode = build(values);

function build({ tag, base, platform }: { tag: string; base?: string; platform?: string }): number {
  const builder = builders.find((program) => spawnSync(program, ['info'], { stdio: 'ignore' }).status === 0);
  if (builder === undefined) {
    console.error('Neither docker nor podman nor buildah works here');
    return 1;
  }
  const args = [
    'build',
    `--tag=${tag}`,
    ...(base === undefined ? [] : [`--build-arg=NODE_IMAGE=${base}`]),
    ...(platform === undefined ? [] : [`--platform=${platform}`]),
    join(import.meta.dirname, '..'),
  ];
  console.log(`${builder} ${args.join(' ')}`);
  return spawnSync(builder, args, { stdio: 'inherit' }).status ?? 1;
}
