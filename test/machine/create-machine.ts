/** Machines with disks of their own, from images that are made once. */
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runCommand } from '../../agent/network/run.ts';
import { isAlive } from '../../infra/local/hosts/process.ts';
import { machineImage, type MachineImage } from './image.ts';
import { places, qemuCommand, VirtualMachine, type Machine } from './machine.ts';
import type { Release } from './releases.ts';

const prefix = join(tmpdir(), 'hibernetes-machine-');

/** A process that was killed could not remove its machines' disks. */
function removeOrphans(): void {
  for (const directory of globSync(`${prefix}*`)) {
    if (!isAlive(Number(directory.slice(prefix.length).split('-')[0]))) rmSync(directory, { recursive: true, force: true });
  }
}

async function machineWithDisk(image: MachineImage, makeDisk: (disk: string) => Promise<void>, isFrozen: boolean): Promise<VirtualMachine> {
  removeOrphans();
  const directory = mkdtempSync(`${prefix}${process.pid}-`);
  try {
    await makeDisk(join(directory, places.disk));
    return new VirtualMachine(image, directory, { isFrozen });
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

/** Without what a node needs, and without power yet. */
export async function createBareMachine(release: Release): Promise<Machine> {
  return machineOf(await machineImage(release, { bare: true }));
}

const machineOf = (image: MachineImage): Promise<VirtualMachine> =>
  machineWithDisk(
    image,
    async (disk) => void (await runCommand(['qemu-img', 'create', '-q', '-f', 'qcow2', '-b', image.disk, '-F', 'raw', disk])),
    false,
  );

/** The disk of a machine that has started, frozen with its memory. Kept beside the image. */
async function frozenDisk(image: MachineImage): Promise<string> {
  const version = (await runCommand(['qemu-system-x86_64', '--version'])).split('\n')[0] ?? '';
  const hash = createHash('sha256')
    .update([version, ...qemuCommand(image)].join('\n'))
    .digest('hex');
  const frozen = join(dirname(image.disk), `frozen-${hash.slice(0, 12)}.qcow2`);
  if (existsSync(frozen)) return frozen;
  const machine = await machineOf(image);
  try {
    await machine.start();
    await machine.run('systemctl is-system-running --wait || true');
    await machine.freeze();
    // Whole or not at all.
    await runCommand(['cp', '--sparse=always', join(machine.directory, places.disk), `${frozen}.${process.pid}`]);
    renameSync(`${frozen}.${process.pid}`, frozen);
  } finally {
    await machine.remove();
  }
  return frozen;
}

/** A machine that has what a node needs besides ours. Its first start goes on from a frozen one, within seconds. */
export async function createMachine(release: Release): Promise<Machine> {
  const image = await machineImage(release);
  const frozen = await frozenDisk(image);
  return machineWithDisk(image, async (disk) => void (await runCommand(['cp', '--sparse=always', frozen, disk])), true);
}
