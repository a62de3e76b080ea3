/**
 * Processes that outlive their starter, remembered in a file. The kernel may have given a pid to another process since:
 * its start time distinguishes the two. No process is ever signalled that is not provably ours.
 */
import { readFileSync, rmSync } from 'node:fs';
import { isMissing, readIfThere, writePrivately } from './data-directory.ts';

export interface ProcessRecord {
  readonly pid: number;
  /** Clock ticks since boot: field 22 of /proc/PID/stat. */
  readonly startTicks: string;
}

function startTicksOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command's name may hold spaces: count from behind its closing bracket.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch (error) {
    if (isMissing(error) || (error instanceof Error && 'code' in error && error.code === 'ESRCH')) return undefined;
    throw error;
  }
}

export function recordProcess(file: string, pid: number, more: Readonly<Record<string, unknown>> = {}): ProcessRecord {
  const record = { pid, startTicks: startTicksOf(pid) ?? '', ...more };
  writePrivately(file, `${JSON.stringify(record, undefined, 2)}\n`);
  return record;
}

/** The recorded process, if it still runs. */
export function runningProcess<T extends ProcessRecord = ProcessRecord>(file: string): T | undefined {
  const text = readIfThere(file);
  if (text === undefined) return undefined;
  const record = JSON.parse(text) as T;
  return startTicksOf(record.pid) === record.startTicks ? record : undefined;
}

const pollMs = 50;

/** Asks to end, then, after the grace, ends. Resolves when it is gone. */
export async function endProcess(file: string, graceMs: number): Promise<void> {
  const deadline = Date.now() + graceMs;
  for (let signal: NodeJS.Signals | undefined = 'SIGTERM'; ;) {
    const record = runningProcess(file);
    if (record === undefined) break;
    if (signal !== undefined) process.kill(record.pid, signal);
    signal = signal !== 'SIGKILL' && Date.now() > deadline ? 'SIGKILL' : undefined;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  rmSync(file, { force: true });
}
