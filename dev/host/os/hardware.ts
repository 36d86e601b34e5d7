import { type HostDisk, simulatorFolder } from './disk.ts';

/** What a simulated host is built of, as far as its kernel shows it, and how old its agent is. */
export interface HostHardware {
  disks: readonly { name: string; sizeGB: number; rotational: boolean; readMBps: number }[];
  memoryGiB: number;
  threads: number;
  /** A card without speed has no link. */
  cards: readonly { name: string; speedMbps: number | undefined }[];
  agentVersion: string;
}

const usual: HostHardware = {
  disks: [
    { name: 'nvme0n1', sizeGB: 960, rotational: false, readMBps: 2_500 },
    { name: 'sda', sizeGB: 8_000, rotational: true, readMBps: 220 },
  ],
  memoryGiB: 256,
  threads: 64,
  cards: [
    { name: 'eth0', speedMbps: 25_000 },
    { name: 'eth1', speedMbps: 25_000 },
  ],
  agentVersion: 'v0.3.11',
};

/** Hosts as they come out of the box, right and wrong. */
export const hardwareKinds = {
  usual,
  /** Its disk is dying: it is there, and slow. */
  slowDisk: { ...usual, disks: [{ name: 'nvme0n1', sizeGB: 960, rotational: false, readMBps: 40 }] },
  /** Its disk says that it is there, and cannot be read. */
  deadDisk: { ...usual, disks: [{ name: 'nvme0n1', sizeGB: 960, rotational: false, readMBps: 0 }] },
  /** It was delivered with the disks of another order. */
  wrongDisk: { ...usual, disks: [{ name: 'sda', sizeGB: 960, rotational: true, readMBps: 220 }] },
  smallDisk: { ...usual, disks: [{ name: 'nvme0n1', sizeGB: 240, rotational: false, readMBps: 2_500 }] },
  noDisk: { ...usual, disks: [] },
  /** A cable is missing, and one leads to the wrong switch. */
  missingNic: { ...usual, cards: [{ name: 'eth0', speedMbps: 25_000 }] },
  unplugged: {
    ...usual,
    cards: [
      { name: 'eth0', speedMbps: 25_000 },
      { name: 'eth1', speedMbps: undefined },
    ],
  },
  slowLink: {
    ...usual,
    cards: [
      { name: 'eth0', speedMbps: 25_000 },
      { name: 'eth1', speedMbps: 1_000 },
    ],
  },
  /** A memory module does not sit right. */
  smallMemory: { ...usual, memoryGiB: 128 },
  fewThreads: { ...usual, threads: 32 },
  oldAgent: { ...usual, agentVersion: 'v0.2.9' },
} as const satisfies Record<string, HostHardware>;

/** Linux keeps some of what is built in. */
const SEEN_MEMORY = 0.98;

/** Lets the kernel of the host show this hardware, beside what no check may count. */
export async function layHardware(disk: HostDisk, hardware: HostHardware): Promise<void> {
  for (const folder of ['/sys', '/dev']) await disk.remove(folder);
  for (const { name, sizeGB, rotational, readMBps } of hardware.disks) {
    await layBlock(disk, name, { sizeGB, rotational, removable: false });
    // What `dd` reads of it in a second.
    await disk.write(`/dev/${name}`, `${readMBps}\n`);
  }
  await layBlock(disk, 'sr0', { sizeGB: 9_000, rotational: false, removable: true });
  await disk.write('/sys/block/loop0/size', '99999999999\n');
  for (const { name, speedMbps } of hardware.cards) {
    await disk.write(`/sys/class/net/${name}/device/vendor`, '0x8086\n');
    await disk.write(`/sys/class/net/${name}/carrier`, speedMbps === undefined ? '0\n' : '1\n');
    await disk.write(`/sys/class/net/${name}/speed`, `${speedMbps ?? -1}\n`);
  }
  await disk.write('/sys/class/net/lo/carrier', '1\n');
  const kib = Math.floor(hardware.memoryGiB * SEEN_MEMORY * 1024 * 1024);
  await disk.write('/proc/meminfo', `MemTotal:       ${kib} kB\nMemFree:        1024 kB\n`);
  const processor = (_: unknown, index: number): string => `processor\t: ${index}\nmodel name\t: simulated\n\n`;
  await disk.write('/proc/cpuinfo', Array.from({ length: hardware.threads }, processor).join(''));
  await disk.write('/proc/uptime', '1000.08 0.00\n');
  await disk.write(
    `/${simulatorFolder}/agent-version`,
    `rancher-system-agent version ${hardware.agentVersion} (a396bb4)\n`,
  );
}

async function layBlock(
  disk: HostDisk,
  name: string,
  { sizeGB, rotational, removable }: { sizeGB: number; rotational: boolean; removable: boolean },
): Promise<void> {
  const folder = `/sys/block/${name}`;
  await disk.write(`${folder}/device/vendor`, 'simulated\n');
  await disk.write(`${folder}/size`, `${(sizeGB * 1_000_000_000) / 512}\n`);
  await disk.write(`${folder}/removable`, `${Number(removable)}\n`);
  await disk.write(`${folder}/queue/rotational`, `${Number(rotational)}\n`);
}
