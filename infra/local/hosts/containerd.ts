/**
 * One containerd a host, in the host's network. It belongs to no control plane: it and the containers live on when one
 * ends, and the next one finds them.
 */
import { existsSync, mkdirSync, openSync, closeSync, readFileSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { containerdConfig } from './containerd-config.ts';
import type { Host } from './host.ts';
import { snapshotterFor } from './snapshotter.ts';
import { succeeds } from './link.ts';
import { commandLine, isAlive, kill } from './process.ts';

export interface RunningContainerd {
  readonly socket: string;
  readonly pid: number;
  /** Where the node's network configuration for pods goes. */
  readonly cniConfDirectory: string;
  readonly logFile: string;
}

/** Starts the host's containerd, or finds the one that runs; resolves when it answers. */
export async function startContainerd(host: Host, directory: string): Promise<RunningContainerd> {
  const paths = pathsOf(host, directory);
  for (const path of [directory, host.runDirectory, paths.cniConfDirectory]) mkdirSync(path, { recursive: true });
  let pid = runningContainerd(host);
  if (pid === undefined) {
    writeFileSync(paths.configFile, containerdConfig({ host, directory, ...paths, snapshotter: await snapshotterFor(directory) }));
    pid = launch(host, paths);
    writeFileSync(placeFile(host), JSON.stringify({ pid, directory }));
  }
  await untilItAnswers(pid, paths);
  return { ...paths, pid };
}

/** Ends containerd itself; containers go on running until `removeHost`. */
export async function stopContainerd(host: Host): Promise<void> {
  const pid = runningContainerd(host);
  if (pid === undefined) return;
  kill(pid, 'SIGTERM');
  for (let waitedMs = 0; isAlive(pid); waitedMs += checkAgainMs) {
    if (waitedMs >= stopWithinMs) kill(pid, 'SIGKILL');
    await sleep(checkAgainMs);
  }
}

const startWithinMs = 20_000;
const stopWithinMs = 5_000;
const checkAgainMs = 25;

function pathsOf(host: Host, directory: string) {
  return {
    socket: join(host.runDirectory, 'containerd.sock'),
    configFile: join(host.runDirectory, 'config.toml'),
    cniConfDirectory: join(host.runDirectory, 'cni'),
    logFile: join(directory, 'containerd.log'),
  };
}

interface Place {
  readonly pid: number;
  readonly directory: string;
}

const placeFile = (host: Host): string => join(host.runDirectory, 'containerd.json');

function placeOf(host: Host): Place | undefined {
  return existsSync(placeFile(host)) ? JSON.parse(readFileSync(placeFile(host), 'utf8')) : undefined;
}

/** Where the host's containerd keeps images and snapshots; undefined when none was ever started. */
export const containerdDirectory = (host: Host): string | undefined => placeOf(host)?.directory;

/** The file may be older than the process that now has this number. */
function runningContainerd(host: Host): number | undefined {
  const pid = placeOf(host)?.pid;
  if (pid === undefined) return undefined;
  const words = commandLine(pid);
  const ours = basename(words[0] ?? '') === 'containerd' && words.includes(join(host.runDirectory, 'config.toml'));
  return ours && isAlive(pid) ? pid : undefined;
}

function launch(host: Host, { configFile, logFile }: ReturnType<typeof pathsOf>): number {
  const log = openSync(logFile, 'a');
  // nsenter becomes containerd, so its number is containerd's. Detached: a session of its own, which no terminal ends.
  const child = spawn('nsenter', [`--net=${host.netns}`, '--', 'containerd', '-c', configFile], {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: '/',
  });
  child.unref();
  closeSync(log);
  if (child.pid === undefined) throw new Error('nsenter could not be started: is util-linux installed?');
  return child.pid;
}

async function untilItAnswers(pid: number, { socket, logFile }: ReturnType<typeof pathsOf>): Promise<void> {
  for (let waitedMs = 0; waitedMs < startWithinMs; waitedMs += checkAgainMs) {
    if (existsSync(socket) && (await succeeds(['ctr', '--address', socket, '--connect-timeout', '1s', 'version']))) return;
    if (!isAlive(pid)) throw new Error(`containerd ended while starting; its last words are in ${logFile}`);
    await sleep(checkAgainMs);
  }
  throw new Error(`containerd did not answer on ${socket} within ${startWithinMs / 1000} s; see ${logFile}`);
}
