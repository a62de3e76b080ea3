/**
 * systemd's logind as it is asked by its own programs: `systemd-inhibit` holds the lock as long as the agent lives, `busctl`
 * reports that the machine goes down. Source: pkg/kubelet/nodeshutdown/systemd/inhibit_linux.go
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type { Clock } from '../../functions/world.ts';
import type { Run } from '../network/run.ts';
import type { ShutdownDelay } from './node-shutdown.ts';

/** Where programs that boot with systemd find it. Source: sd_booted(3) */
const systemdDirectory = '/run/systemd/system';
export const hasSystemd = (): boolean => existsSync(systemdDirectory);

const service = 'org.freedesktop.login1';
const object = '/org/freedesktop/login1';
const manager = 'org.freedesktop.login1.Manager';
const settingsFile = '/etc/systemd/logind.conf.d/99-kubelet.conf';
/** logind takes a moment to read its settings again. */
const settingsAttempts = 5;
const settingsMsMin = 100;

const monitorCommand = [
  'busctl',
  '--system',
  '--json=short',
  `--match=type='signal',interface='${manager}',member='PrepareForShutdown'`,
  'monitor',
] as const;

const inhibitCommand = [
  'systemd-inhibit',
  '--what=shutdown',
  '--mode=delay',
  '--who=kubelet',
  '--why=Pods end before the machine goes down',
  'cat',
] as const;

/** Whether the machine goes down, by a line of `busctl monitor`; undefined: the line is about something else. */
export function goingDownOf(line: string): boolean | undefined {
  try {
    const { member, payload } = JSON.parse(line) as { member?: unknown; payload?: { data?: readonly unknown[] } };
    const isGoingDown = payload?.data?.[0];
    return member === 'PrepareForShutdown' && typeof isGoingDown === 'boolean' ? isGoingDown : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export interface LogindOptions {
  readonly run: Run;
  readonly clock: Clock;
  readonly seconds: number;
  readonly settings?: string;
}

/** A program that ends although it should go on is an error; its end by the signal is not. */
function ended(child: ChildProcess, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    child.on('error', (error) => (signal.aborted ? resolve() : reject(error)));
    child.on('close', (code) => (signal.aborted ? resolve() : reject(new Error(`${child.spawnfile} ended with ${code}`))));
  });
}

export function createLogind({ run, clock, seconds, settings = settingsFile }: LogindOptions): ShutdownDelay {
  let lock: ChildProcess | undefined;

  const delaySeconds = async (): Promise<number> => {
    const text = await run(['busctl', '--system', 'get-property', service, object, manager, 'InhibitDelayMaxUSec']);
    return Number(text.trim().split(' ')[1]) / 1_000_000;
  };

  const askForTime = async (): Promise<void> => {
    if ((await delaySeconds()) >= seconds) return;
    await mkdir(dirname(settings), { recursive: true });
    await writeFile(settings, `# Pods have this time to end before the machine goes down.\n[Login]\nInhibitDelayMaxSec=${seconds}\n`);
    await run(['systemctl', 'kill', '--signal=HUP', 'systemd-logind.service']);
    for (let attempt = 0; attempt < settingsAttempts; attempt += 1) {
      await clock.sleep(settingsMsMin * 2 ** attempt);
      if ((await delaySeconds()) >= seconds) return;
    }
    throw new Error(`logind gives less than the ${seconds} s that were asked for`);
  };

  /** Ends with the agent: `cat` reads to the end of a pipe of ours. */
  const hold = (): void => {
    const [command, ...args] = inhibitCommand;
    lock ??= spawn(command, args, { stdio: ['pipe', 'ignore', 'ignore'] }).on('error', () => {});
  };
  const release = (): void => {
    lock?.stdin?.end();
    lock = undefined;
  };

  return {
    release,
    async watch(onChange, signal) {
      await askForTime();
      const [command, ...args] = monitorCommand;
      const monitor = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'], signal });
      const end = ended(monitor, signal);
      createInterface({ input: monitor.stdout }).on('line', (line) => {
        const isGoingDown = goingDownOf(line);
        // A shutdown that was called off may come again.
        if (isGoingDown === false) hold();
        if (isGoingDown !== undefined) onChange(isGoingDown);
      });
      hold();
      try {
        await end;
      } finally {
        if (signal.aborted) release();
      }
    },
  };
}
