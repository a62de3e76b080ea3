/**
 * Keeps the logs of containers from filling the disk: a file that grew too large is renamed and a new one begun, older
 * ones are compressed, the oldest removed. Source: pkg/kubelet/logs/container_log_manager.go
 *
 *   0.log  0.log.20260101-120000  0.log.20260101-110000.gz  0.log.20260101-100000.gz
 */
import { constants, createWriteStream } from 'node:fs';
import { lstat, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Clock, Log } from '../../functions/world.ts';
import { orUndefined } from '../files/error-code.ts';
import { RuntimeError, type Runtime } from '../runtime/runtime.ts';

export interface LogRotationOptions {
  readonly runtime: Pick<Runtime, 'listContainers' | 'containerStatus' | 'reopenLog'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly bytesMax?: number;
  /** How many log files a container has, with the one that is written to. */
  readonly filesMax?: number;
}

const bytesMaxDefault = 10 << 20;
const filesMaxDefault = 5;
const compressed = '.gz';
/** Left of a compression that did not come to its end. */
const unfinished = '.tmp';

const sizeOf = async (path: string): Promise<number> => (await orUndefined(lstat(path)))?.size ?? 0;

/** `20260101-120000`: sorts as it was made. */
const stamp = (nowMs: number): string => new Date(nowMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');

async function compress(path: string): Promise<void> {
  // Neither end is opened through a link.
  const source = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  await pipeline(source.createReadStream(), createGzip(), createWriteStream(`${path}${unfinished}`, { flags: 'wx' }));
  await rename(`${path}${unfinished}`, `${path}${compressed}`);
  await rm(path);
}

/** Oldest first. */
async function rotatedOf(path: string): Promise<string[]> {
  const prefix = `${basename(path)}.`;
  const names = (await readdir(dirname(path))).filter((name) => name.startsWith(prefix));
  for (const name of names.filter((each) => each.endsWith(unfinished))) await rm(join(dirname(path), name));
  return names
    .filter((name) => !name.endsWith(unfinished))
    .toSorted()
    .map((name) => join(dirname(path), name));
}

/** Answers what checks the log of every running container once. */
export function createLogRotation(options: LogRotationOptions): () => Promise<void> {
  /** By containers' ids: the runtime is asked once for each. */
  let paths: ReadonlyMap<string, string> = new Map();
  return async () => {
    const running = (await options.runtime.listContainers()).filter(({ state }) => state === 'running').map(({ id }) => id);
    paths = await rotateLogs(options, running, paths);
  };
}

/** Answers where the logs are that it found. */
async function rotateLogs(
  options: LogRotationOptions,
  running: readonly string[],
  known: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, string>> {
  const { runtime, log } = options;
  const paths = new Map<string, string>();
  for (const id of running) {
    try {
      const logPath = known.get(id) ?? (await runtime.containerStatus(id)).logPath;
      paths.set(id, logPath);
      if ((await sizeOf(logPath)) > (options.bytesMax ?? bytesMaxDefault)) await rotate(options, id, logPath);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      // One log that cannot be rotated must not keep the others from it.
      log.warn('a log could not be rotated', { container: id, error: error instanceof RuntimeError ? error.message : error });
    }
  }
  return paths;
}

async function rotate({ runtime, clock, filesMax = filesMaxDefault }: LogRotationOptions, id: string, path: string): Promise<void> {
  const before = await rotatedOf(path);
  // Room for the one that is written to, and for the one that is made now.
  const kept = before.slice(Math.max(0, before.length - (filesMax - 2)));
  for (const old of before) if (!kept.includes(old)) await rm(old);
  for (const old of kept) if (!old.endsWith(compressed)) await compress(old);
  const renamed = `${path}.${stamp(clock.now())}`;
  await rename(path, renamed);
  try {
    await runtime.reopenLog(id);
  } catch (error) {
    // It goes on writing to the old file: that must be found under its name.
    await rename(renamed, path);
    throw error;
  }
}
