/** Processes as /proc shows them. They come and go while this reads: what is gone reads as empty. */
import { readdirSync, readFileSync } from 'node:fs';

interface RunningProcess {
  readonly pid: number;
  readonly parent: number;
}

const gone = new Set(['ENOENT', 'ESRCH']);

const isGone = (error: unknown): boolean => error instanceof Error && 'code' in error && gone.has(String(error.code));

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch (error) {
    if (isGone(error)) return '';
    throw error;
  }
}

/** State and parent follow the program's name, which may itself contain spaces and brackets. */
const statFields = (pid: number): string[] =>
  read(pid, 'stat')
    .replace(/^.*\) /s, '')
    .split(' ');

export function processes(): RunningProcess[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map((name) => ({ pid: Number(name), parent: Number(statFields(Number(name))[1] ?? 0) }));
}

export const commandLine = (pid: number): string[] => read(pid, 'cmdline').split('\0').filter(Boolean);

/** A process that has ended but was not waited for counts as ended. */
export function isAlive(pid: number): boolean {
  const state = statFields(pid)[0] ?? '';
  return state !== '' && state !== 'Z' && state !== 'X';
}

export function descendants(of: number): number[] {
  const all = processes();
  const found = [of];
  for (const pid of found) found.push(...all.filter(({ parent }) => parent === pid).map((child) => child.pid));
  return found.slice(1);
}

export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}
