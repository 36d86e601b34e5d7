import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CURRENT_VERSION } from './release/components.ts';

const USAGE = `Usage: npm run image [-- --tag NAME] [-- --base IMAGE] [-- --platform PLATFORMS]
Builds the image of this checkout with docker, podman or buildah, whichever answers first.
  --tag       default: registry.example.com/ironloom/ironloom:${CURRENT_VERSION}
  --base      image with Node 24, default: that of the Dockerfile
  --platform  linux/amd64, linux/arm64 or both with a comma, default: this machine's. It needs no emulation.`;

/** All three know `info`, which fails where a daemon does not answer, and `build`. */
const builders = ['docker', 'podman', 'buildah'];
/** As the platform of an image names this machine. */
const here = `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`;

const { values } = parseArgs({
  options: {
    tag: { type: 'string', default: `registry.example.com/ironloom/ironloom:${CURRENT_VERSION}` },
    base: { type: 'string' },
    platform: { type: 'string', default: here },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help === true) console.log(USAGE);
else process.exitCode = build(values);

function build({ tag, base, platform }: { tag: string; base?: string; platform: string }): number {
  const builder = builders.find((program) => spawnSync(program, ['info'], { stdio: 'ignore' }).status === 0);
  if (builder === undefined) {
    console.error('Neither docker nor podman nor buildah works here');
    return 1;
  }
  const many = platform.includes(',') && builder !== 'docker';
  if (many) forget(builder, tag);
  const args = [
    'build',
    many ? `--manifest=${tag}` : `--tag=${tag}`,
    // Old ones of the others do not know where they build.
    ...(builder === 'docker' ? [] : [`--build-arg=BUILDPLATFORM=${here}`]),
    ...(base === undefined ? [] : [`--build-arg=NODE_IMAGE=${base}`]),
    `--platform=${platform}`,
    join(import.meta.dirname, '..'),
  ];
  console.log(`${builder} ${args.join(' ')}`);
  return spawnSync(builder, args, { stdio: 'inherit' }).status ?? 1;
}

/** Images are added to the list that has the name already. */
function forget(builder: string, tag: string): void {
  for (const remove of [['manifest', 'rm'], ['rmi']]) spawnSync(builder, [...remove, tag], { stdio: 'ignore' });
}
