import { access, mkdtemp, mkdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Commands of the operating system that plans may use as they are; they write nothing by a path of their own. */
const passedThrough = (
  'sh cat sed grep egrep fgrep awk head tail cut tr sort uniq wc date sleep true false test [ printf echo env dirname ' +
  'basename sha256sum sha1sum md5sum base64 gzip gunzip zcat xargs stat ls id expr seq nohup od cmp diff readlink ' +
  'realpath mktemp nice tac fold comm paste uname'
).split(' ');

/** Commands that change files: passed through inside of the host's folder only. */
const guarded = 'find rm mv cp mkdir rmdir install ln tee touch chmod chown truncate'.split(' ');

/** Commands of the host that only leave a record (and obey injected faults). */
const recorded = (
  'elemental elemental-register grub2-editenv kubeadm kubelet ctr nerdctl mount umount sync wipefs iptables ip ' +
  'udevadm restorecon hostnamectl logger journalctl pkill killall fuser chroot mountpoint lsblk blkid'
).split(' ');

/** Commands with a stand-in of their own in host-commands/. */
const simulated = [
  'cloud-init',
  'shutdown',
  'systemctl',
  'crictl',
  'systemd-run',
  'timeout',
  'reboot',
  'dd',
  'elemental-system-agent',
];

const scripts = fileURLToPath(new URL('./commands/', import.meta.url));

/** The PATH of all simulated hosts of one process: nothing of this machine can be reached but what is named here. */
export interface HostCommandFolder {
  /** The folder to use as PATH. */
  path: string;
  /** Where the stand-ins lie (environment SIMULATOR_COMMANDS). */
  scripts: string;
  remove(): Promise<void>;
}

/** Fills a new temporary folder with links. A command that this machine lacks is left out. */
export async function createHostCommandFolder(): Promise<HostCommandFolder> {
  const path = await mkdtemp(join(tmpdir(), 'ironloom-host-bin-'));
  await mkdir(path, { recursive: true });
  await Promise.all([
    ...passedThrough.map(async (name) => {
      const real = await findCommand(name);
      if (real !== undefined) await symlink(real, join(path, name));
    }),
    ...guarded.map((name) => symlink(join(scripts, 'guarded.sh'), join(path, name))),
    ...recorded.map((name) => symlink(join(scripts, 'record.sh'), join(path, name))),
    ...simulated.map((name) => symlink(join(scripts, `${name}.sh`), join(path, name))),
  ]);
  return { path, scripts, remove: () => rm(path, { recursive: true, force: true }) };
}

async function findCommand(name: string): Promise<string | undefined> {
  for (const folder of ['/usr/bin', '/bin']) {
    const candidate = join(folder, name);
    const found = await access(candidate).then(
      () => true,
      () => false,
    );
    if (found) return candidate;
  }
  return undefined;
}
