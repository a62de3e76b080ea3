/**
 * A virtual machine on QEMU's software emulation: started from an image, rebooted, cut from power, started again from
 * the same disk. It ends with this process, whatever ends that.
 */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../support/eventually.ts';
import { runInGuest, Unreachable, type CommandResult } from './guest-agent.ts';
import type { MachineImage } from './image.ts';
import { freeze, thawWords } from './monitor.ts';

/** From power to a shell that answers; 40 s on two quiet cores. */
const bootMsMax = 10 * 60_000;
/** systemd gives what does not end 90 s of the machine's own time. */
const shutdownMsMax = 5 * 60_000;
const commandMsMax = 4 * 60_000;
const memoryMiB = 1536;
const processors = 2;

export interface Machine {
  /** Runs a shell's command as root; throws what it printed when it fails. */
  run(command: string, msMax?: number): Promise<string>;
  /** As a person does it; returns when the machine answers again. */
  reboot(): Promise<void>;
  /** The machine stops between two instructions. What it never flushed to its disk is lost. */
  cutPower(): Promise<void>;
  start(): Promise<void>;
  /** The end of what the machine wrote to its serial console. */
  consoleTail(): string;
  /** Ends the machine and removes its disk. */
  remove(): Promise<void>;
}

/** The address of this process's loopback, as the machine sees it. */
export const hostAddress = '10.0.2.2';

/** Emulated timers may be late: the kernel must not check them. */
const kernelCommandLine = 'root=/dev/vda rw console=ttyS0 panic=-1 mitigations=off no_timer_check';

/** Files of a machine, in its directory: QEMU runs there. */
export const places = { disk: 'disk.qcow2', agent: 'agent', console: 'console', monitor: 'monitor' } as const;

/**
 * The disk has a cache that is lost with the power, and the machine knows it must flush it (`cache=writeback`). The
 * tables of the disk's top layer are in QEMU's memory until a flush. So killing QEMU loses what was written to new
 * blocks and not flushed.
 */
export function qemuCommand({ kernel, initialFileSystem }: MachineImage): readonly string[] {
  const words = [
    // The kernel ends the machine when the thread that started it ends.
    'setpriv --pdeathsig KILL qemu-system-x86_64 -no-user-config -nodefaults -no-reboot -display none',
    // /dev/kvm is not used though it may be there: not every host's works.
    `-machine q35,sata=off,smbus=off -accel tcg,thread=multi -cpu max -smp ${processors} -m ${memoryMiB}`,
    `-drive file=${places.disk},format=qcow2,if=virtio,cache=writeback`,
    '-netdev user,id=net -device virtio-net-pci,netdev=net -device virtio-rng-pci -device virtio-serial-pci',
    `-qmp unix:${places.monitor},server=on,wait=off`,
    `-chardev socket,id=agent,path=${places.agent},server=on,wait=off`,
    '-device virtserialport,chardev=agent,name=org.qemu.guest_agent.0',
    `-chardev file,id=console,path=${places.console},append=on -serial chardev:console`,
  ];
  return [...words.join(' ').split(' '), '-kernel', kernel, '-initrd', initialFileSystem, '-append', kernelCommandLine];
}

export class VirtualMachine implements Machine {
  private qemu: ChildProcess | undefined;
  private complaint = '';
  private readonly image: MachineImage;
  readonly directory: string;
  /** The next start goes on where the machine was frozen. */
  private isFrozen: boolean;

  constructor(image: MachineImage, directory: string, { isFrozen }: { readonly isFrozen: boolean }) {
    this.image = image;
    this.directory = directory;
    this.isFrozen = isFrozen;
  }

  async start(): Promise<void> {
    const [program = '', ...args] = [...qemuCommand(this.image), ...(this.isFrozen ? thawWords : [])];
    const qemu = spawn(program, args, { cwd: this.directory, stdio: ['ignore', 'ignore', 'pipe'] });
    this.qemu = qemu;
    qemu.stderr.setEncoding('utf8').on('data', (text: string) => (this.complaint = text));
    await this.answers();
    // A machine that was frozen has its clock of then.
    if (this.isFrozen) await this.run(`date -s @${Math.floor(Date.now() / 1000)}`);
    this.isFrozen = false;
  }

  async freeze(): Promise<void> {
    const ended = once(this.qemu ?? assert.fail('it has no power'), 'exit');
    await this.run('sync');
    await freeze(join(this.directory, places.monitor));
    await ended;
  }

  private isEnded(): boolean {
    return this.qemu === undefined || this.qemu.exitCode !== null || this.qemu.signalCode !== null;
  }

  private async answers(): Promise<void> {
    const isThere = async (): Promise<boolean> => this.isEnded() || (await this.bootId()) !== '';
    try {
      await eventually(async () => assert.ok(await isThere()), bootMsMax);
      assert.ok(!this.isEnded(), `QEMU ended: ${this.complaint}`);
    } catch (error) {
      throw new Error(`The machine did not start:\n${this.consoleTail()}`, { cause: error });
    }
  }

  private readonly tryToRun = (command: string, msMax = commandMsMax): Promise<CommandResult> =>
    runInGuest(join(this.directory, places.agent), command, msMax);

  async run(command: string, msMax?: number): Promise<string> {
    const { code, stdout, stderr } = await this.tryToRun(command, msMax);
    if (code !== 0) throw new Error(`in the machine, ${command} exited ${code}:\n${stdout}${stderr}`);
    return stdout;
  }

  private readonly bootId = async (): Promise<string> => this.run('cat /proc/sys/kernel/random/boot_id');

  async reboot(): Promise<void> {
    const before = await this.bootId();
    await this.run('systemctl reboot').catch((error: unknown) => {
      if (!(error instanceof Unreachable)) throw error;
    });
    await eventually(() => assert.ok(this.isEnded(), this.consoleTail()), shutdownMsMax);
    await this.start();
    assert.notEqual(await this.bootId(), before);
  }

  async cutPower(): Promise<void> {
    const { qemu } = this;
    if (qemu === undefined || this.isEnded()) return;
    const ended = once(qemu, 'exit');
    qemu.kill('SIGKILL');
    await ended;
  }

  consoleTail(): string {
    return readFileSync(join(this.directory, places.console), 'utf8').split('\n').slice(-30).join('\n');
  }

  async remove(): Promise<void> {
    await this.cutPower();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
