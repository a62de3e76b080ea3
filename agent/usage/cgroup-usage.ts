/** What the kernel has counted for one cgroup, of version 1 or 2. Source: opencontainers/cgroups, fs and fs2; cAdvisor, container/libcontainer. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../files/error-code.ts';

export interface CgroupUsage {
  readonly cpuNanoseconds: number;
  readonly cpuPeriods: number;
  readonly cpuThrottledPeriods: number;
  readonly cpuThrottledNanoseconds: number;
  readonly memoryBytes: number;
  /** What the kernel cannot take back without writing: the usage without inactive pages of files. */
  readonly workingSetBytes: number;
  readonly rssBytes: number;
  readonly cacheBytes: number;
  readonly mappedFileBytes: number;
  readonly swapBytes: number;
  readonly pageFaults: number;
  readonly majorPageFaults: number;
  readonly memoryFailures: number;
  readonly memoryBytesMax: number;
  readonly outOfMemoryKills: number;
  readonly processes: number;
}

/** `path` begins at the root of the hierarchies. Undefined: there is no such cgroup. */
export type ReadCgroup = (path: string) => Promise<CgroupUsage | undefined>;

const absent = new Set(['ENOENT', 'ENODEV', 'EOPNOTSUPP', 'ENOTDIR']);

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    // A cgroup may go while it is read.
    if (absent.has(errorCode(error))) return undefined;
    throw error;
  }
}

const numberIn = (text: string | undefined): number => (text === undefined ? 0 : Number(text.trim()) || 0);

type Fields = (name: string) => number;

function fieldsOf(text: string | undefined): Fields {
  const values = new Map((text ?? '').split('\n').map((line) => line.split(' ') as [string, string]));
  return (name) => Number(values.get(name) ?? 0);
}

async function readVersion1(root: string, path: string): Promise<CgroupUsage | undefined> {
  const at = (controller: string, file: string): Promise<string | undefined> => textOf(join(root, controller, path, file));
  const [cpu, usage] = await Promise.all([at('cpuacct', 'cpuacct.usage'), at('memory', 'memory.usage_in_bytes')]);
  if (cpu === undefined || usage === undefined) return undefined;
  const [memory, throttled, outOfMemory, failures, max, processes] = await Promise.all([
    at('memory', 'memory.stat').then(fieldsOf),
    at('cpu', 'cpu.stat').then(fieldsOf),
    at('memory', 'memory.oom_control').then(fieldsOf),
    at('memory', 'memory.failcnt'),
    at('memory', 'memory.max_usage_in_bytes'),
    at('pids', 'pids.current'),
  ]);
  const memoryBytes = numberIn(usage);
  return {
    cpuNanoseconds: numberIn(cpu),
    cpuPeriods: throttled('nr_periods'),
    cpuThrottledPeriods: throttled('nr_throttled'),
    cpuThrottledNanoseconds: throttled('throttled_time'),
    memoryBytes,
    workingSetBytes: Math.max(0, memoryBytes - memory('total_inactive_file')),
    rssBytes: memory('total_rss'),
    cacheBytes: memory('total_cache'),
    mappedFileBytes: memory('total_mapped_file'),
    swapBytes: memory('total_swap'),
    pageFaults: memory('total_pgfault'),
    majorPageFaults: memory('total_pgmajfault'),
    memoryFailures: numberIn(failures),
    memoryBytesMax: numberIn(max),
    outOfMemoryKills: outOfMemory('oom_kill'),
    processes: numberIn(processes),
  };
}

async function readVersion2(root: string, path: string): Promise<CgroupUsage | undefined> {
  const at = (file: string): Promise<string | undefined> => textOf(join(root, path, file));
  const [cpuText, usage] = await Promise.all([at('cpu.stat'), at('memory.current')]);
  if (cpuText === undefined || usage === undefined) return undefined;
  const [memory, events, max, swap, processes] = await Promise.all([
    at('memory.stat').then(fieldsOf),
    at('memory.events').then(fieldsOf),
    at('memory.peak'),
    at('memory.swap.current'),
    at('pids.current'),
  ]);
  const cpu = fieldsOf(cpuText);
  const memoryBytes = numberIn(usage);
  return {
    cpuNanoseconds: cpu('usage_usec') * 1000,
    cpuPeriods: cpu('nr_periods'),
    cpuThrottledPeriods: cpu('nr_throttled'),
    cpuThrottledNanoseconds: cpu('throttled_usec') * 1000,
    memoryBytes,
    workingSetBytes: Math.max(0, memoryBytes - memory('inactive_file')),
    rssBytes: memory('anon'),
    cacheBytes: memory('file'),
    mappedFileBytes: memory('file_mapped'),
    swapBytes: numberIn(swap),
    pageFaults: memory('pgfault'),
    majorPageFaults: memory('pgmajfault'),
    memoryFailures: events('max'),
    memoryBytesMax: numberIn(max),
    outOfMemoryKills: events('oom_kill'),
    processes: numberIn(processes),
  };
}

export interface Cgroups {
  readonly read: ReadCgroup;
  /** One of the processes in there; undefined where there is none. */
  readonly processOf: (path: string) => Promise<number | undefined>;
}

/** Version 2 has one hierarchy, which lists its controllers at its root. */
export async function openCgroups(root: string): Promise<Cgroups> {
  const isVersion2 = (await textOf(join(root, 'cgroup.controllers'))) !== undefined;
  const processes = isVersion2 ? root : join(root, 'memory');
  return {
    read: (path) => (isVersion2 ? readVersion2(root, path) : readVersion1(root, path)),
    async processOf(path) {
      const pid = numberIn((await textOf(join(processes, path, 'cgroup.procs')))?.split('\n', 1)[0]);
      return pid === 0 ? undefined : pid;
    },
  };
}
