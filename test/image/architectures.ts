/** What a CPU changes in an image. */
export interface Architecture {
  /** In the platform of an image, and with Debian. */
  name: 'amd64' | 'arm64';
  /** In `process.arch`, and in the name of Node's package. */
  node: string;
  /** The field `e_machine` of its programs and libraries. */
  elfMachine: number;
  /** The program of Debian's `qemu-user-static` that runs them on another CPU. */
  emulator: string;
}

/** What images are made for. */
export const architectures: readonly Architecture[] = [
  { name: 'amd64', node: 'x64', elfMachine: 62, emulator: 'qemu-x86_64-static' },
  { name: 'arm64', node: 'arm64', elfMachine: 183, emulator: 'qemu-aarch64-static' },
];

export const [own, foreign] = tellApart();

/** That of this machine, and the one that it can only emulate. */
function tellApart(): [Architecture, Architecture] {
  const here = architectures.find(({ node }) => node === process.arch);
  const elsewhere = architectures.find(({ node }) => node !== process.arch);
  if (here === undefined || elsewhere === undefined) throw new Error(`No image is made for ${process.arch}`);
  return [here, elsewhere];
}
