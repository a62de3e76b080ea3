/**
 * The systems that virtual machines are made of, as data. What decides an image's content is in this file, so that its
 * text can name the image in the cache.
 */
export interface Release {
  readonly name: string;
  readonly suite: string;
}

export const releases: readonly Release[] = [
  { name: 'debian-12', suite: 'bookworm' },
  { name: 'debian-13', suite: 'trixie' },
  // The newest kernel, systemd and containerd (2.x). It changes daily; the cache keeps the one that was made first.
  { name: 'debian-unstable', suite: 'sid' },
];

export function releaseNamed(name: string): Release {
  const release = releases.find((one) => one.name === name);
  if (release === undefined) throw new Error(`There is no ${name}: ${releases.map((one) => one.name).join(', ')}.`);
  return release;
}

/** Raise it when the code that makes images changes in a way that this file's text does not show. */
export const recipeVersion = 4;

/** A machine as Debian's cloud images are: nothing of what a node needs besides. */
export const packages: readonly string[] = [
  'linux-image-cloud-amd64',
  'initramfs-tools',
  'systemd-sysv',
  'systemd-resolved',
  'dbus',
  'udev',
  'kmod',
  'procps',
  'iproute2',
  'qemu-guest-agent',
  'ca-certificates',
  'curl',
  'apparmor',
];

/** What a node needs besides; a bare machine's own apt offers it, from its disk: no test depends on a network. */
export const offeredPackages: readonly string[] = ['containerd', 'runc', 'containernetworking-plugins', 'nftables', 'conntrack'];
export const offeredDirectory = '/var/local/packages';

/** Files of the system that differ from the packages' own. */
export const files: Readonly<Record<string, string>> = {
  'etc/hostname': 'machine\n',
  'etc/hosts': '127.0.0.1 localhost\n127.0.1.1 machine\n',
  'etc/fstab': '/dev/vda / ext4 defaults 0 0\n',
  'etc/apt/sources.list': `deb [trusted=yes] file:${offeredDirectory} ./\n`,
  'etc/machine-id': '',
  'etc/systemd/network/10-dhcp.network': '[Match]\nName=en* eth*\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n',
  // An emulated processor that others use as well takes minutes for what systemd expects within 90 s.
  'etc/systemd/system.conf.d/patient.conf': '[Manager]\nDefaultTimeoutStartSec=15min\nDefaultDeviceTimeoutSec=15min\n',
  // The agent of QEMU logs every question, which costs more than its answer.
  'etc/systemd/system/qemu-guest-agent.service.d/quiet.conf': '[Service]\nLogLevelMax=warning\n',
  // A log on disk, as on people's machines: its lines outlive a power cut.
  'etc/systemd/journald.conf.d/kept.conf': '[Journal]\nStorage=persistent\nSystemMaxUse=32M\n',
};

/** Written before the kernel's package makes its initial file system, which then holds only what this machine needs. */
export const initialFiles: Readonly<Record<string, string>> = {
  'etc/initramfs-tools/conf.d/small': 'MODULES=list\n',
  'usr/share/initramfs-tools/modules.d/virtio': 'virtio_pci\nvirtio_blk\n',
};

export const enabledUnits: readonly string[] = ['systemd-networkd.service', 'systemd-networkd-wait-online.service'];

/** They would take minutes of an emulated processor. */
export const maskedUnits: readonly string[] = [
  'apt-daily.timer',
  'apt-daily-upgrade.timer',
  'e2scrub_all.timer',
  'fstrim.timer',
  'e2scrub_reap.service',
];

export const links: Readonly<Record<string, string>> = {
  // As in Debian's cloud images: programs ask systemd-resolved, which knows the network's name server.
  '/etc/resolv.conf': '../run/systemd/resolve/stub-resolv.conf',
};
