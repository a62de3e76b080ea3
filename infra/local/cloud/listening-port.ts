/**
 * The port on which a process listens, as the kernel knows it. A process that is given port 0 takes a free one, and no
 * other process can take it in between. Linux only.
 */
import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Clock } from '../../../functions/world.ts';

/** Source: `TCP_LISTEN` in the kernel's include/net/tcp_states.h. */
const listenState = '0A';
const pollMs = 20;

const gone = new Set(['ENOENT', 'ESRCH', 'EACCES']);

/** What /proc shows of a process that may end meanwhile. */
function ofProcess<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && 'code' in error && gone.has(String(error.code))) return otherwise;
    throw error;
  }
}

/** Inode and port of each socket that listens in the network namespace of the process. */
function listeningSockets(pid: number): ReadonlyMap<string, number> {
  const tables = ['tcp', 'tcp6'].map((name) => ofProcess(() => readFileSync(`/proc/${pid}/net/${name}`, 'utf8'), ''));
  const rows = tables.flatMap((table) => table.split('\n').slice(1)).map((line) => line.trim().split(/\s+/));
  return new Map(
    rows.flatMap(([, local = '', , state, , , , , , inode = '']) =>
      state === listenState ? [[inode, Number.parseInt(local.split(':')[1] ?? '', 16)] as const] : [],
    ),
  );
}

function socketsOf(pid: number): readonly string[] {
  const directory = `/proc/${pid}/fd`;
  const links = ofProcess(() => readdirSync(directory), []).map((name) => ofProcess(() => readlinkSync(`${directory}/${name}`), ''));
  return links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []);
}

export function listeningPort(pid: number): number | undefined {
  const sockets = listeningSockets(pid);
  return socketsOf(pid)
    .map((inode) => sockets.get(inode))
    .find((port) => port !== undefined);
}

/** The port, once the process listens. Rejects when it ends before, or needs longer than the limit. */
export async function untilListening(child: ChildProcess, limitMs: number, clock: Clock): Promise<number> {
  const deadlineMs = clock.monotonicMs() + limitMs;
  const { pid } = child;
  if (pid === undefined) throw new Error(`${child.spawnfile} could not be started`);
  for (;;) {
    const port = listeningPort(pid);
    if (port !== undefined) return port;
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${child.spawnfile} ended before it listened`);
    if (clock.monotonicMs() > deadlineMs) throw new Error(`${child.spawnfile} did not listen within ${limitMs / 1000} s`);
    await clock.sleep(pollMs);
  }
}
