/** What a process uses, as the kernel counts it. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ProcessUse {
  readonly residentMB: number;
  /** Without its part of pages that it shares with others. */
  readonly ownMB: number;
  /** Percent of one core. */
  readonly cpuPercent: number;
}

const ticksPerSecond = 100;
/** In `stat`, after the name in parentheses, which may hold spaces. */
const [userTicks, systemTicks] = [11, 12];

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[userTicks]) + Number(fields[systemTicks])) / ticksPerSecond;
}

function megabytes(pid: number, names: readonly string[]): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kilobytes = names.map((name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0));
  return Math.round(kilobytes.reduce((sum, each) => sum + each, 0) / 1024);
}

/** Over that many seconds; memory at their end. */
export async function processUse(pid: number, seconds: number): Promise<ProcessUse> {
  const [before, beganMs] = [cpuSeconds(pid), performance.now()];
  await sleep(1000 * seconds);
  const percent = (100 * (cpuSeconds(pid) - before)) / ((performance.now() - beganMs) / 1000);
  return {
    residentMB: megabytes(pid, ['Rss']),
    ownMB: megabytes(pid, ['Private_Clean', 'Private_Dirty']),
    cpuPercent: Math.round(percent * 100) / 100,
  };
}
