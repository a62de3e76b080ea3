/** What the whole machine uses, from /proc. Source: cAdvisor, container/raw; pkg/kubelet/stats/pidlimit. */
import { readFile } from 'node:fs/promises';
import { errorCode } from '../files/error-code.ts';

export interface NetworkInterface {
  readonly name: string;
  readonly receivedBytes: number;
  readonly receivedPackets: number;
  readonly receiveErrors: number;
  readonly receiveDropped: number;
  readonly sentBytes: number;
  readonly sentPackets: number;
  readonly sendErrors: number;
  readonly sendDropped: number;
}

export interface MachineUsage {
  readonly bootedAtMs: number;
  readonly cpuNanoseconds: number;
  readonly memoryBytes: number;
  readonly memoryCapacityBytes: number;
  readonly workingSetBytes: number;
  readonly rssBytes: number;
  readonly swapBytes: number;
  readonly swapCapacityBytes: number;
  readonly processes: number;
  readonly processesMax: number;
}

/** A tick of /proc/stat, on every architecture that Linux has today. */
const tickNanoseconds = 10_000_000;

/** The busy fields of `cpu  user nice system idle iowait irq softirq steal …`: all but the idle two. */
const busyFields = [0, 1, 2, 5, 6, 7];

export function cpuNanosecondsIn(stat: string): number {
  const fields = (/^cpu +(.*)$/m.exec(stat)?.[1] ?? '').split(' ').map(Number);
  return busyFields.reduce((sum, index) => sum + (fields[index] ?? 0), 0) * tickNanoseconds;
}

export function memoryIn(meminfo: string): (name: string) => number {
  const values = new Map(
    meminfo
      .split('\n')
      .map((line): [string, number] => [line.split(':')[0] ?? '', Number(/(\d+)/.exec(line.split(':')[1] ?? '')?.[1] ?? 0)]),
  );
  return (name) => (values.get(name) ?? 0) * 1024;
}

/** `1/234` of /proc/loadavg: what could run now, of all threads. */
const threadsIn = (loadAverage: string): number => Number(/\/(\d+) /.exec(loadAverage)?.[1] ?? 0);

const text = (path: string): Promise<string> => readFile(path, 'utf8');

export async function readMachineUsage(): Promise<MachineUsage> {
  const [stat, meminfo, loadAverage, pidMax, threadsMax] = await Promise.all([
    text('/proc/stat'),
    text('/proc/meminfo'),
    text('/proc/loadavg'),
    text('/proc/sys/kernel/pid_max'),
    text('/proc/sys/kernel/threads-max'),
  ]);
  const memory = memoryIn(meminfo);
  const memoryBytes = memory('MemTotal') - memory('MemFree');
  return {
    bootedAtMs: Number(/^btime (\d+)$/m.exec(stat)?.[1] ?? 0) * 1000,
    cpuNanoseconds: cpuNanosecondsIn(stat),
    memoryBytes,
    memoryCapacityBytes: memory('MemTotal'),
    workingSetBytes: Math.max(0, memoryBytes - memory('Inactive(file)')),
    rssBytes: memory('AnonPages'),
    swapBytes: memory('SwapTotal') - memory('SwapFree'),
    swapCapacityBytes: memory('SwapTotal'),
    processes: threadsIn(loadAverage),
    processesMax: Math.min(Number(pidMax), Number(threadsMax)),
  };
}

export function networkInterfacesIn(deviceTable: string): NetworkInterface[] {
  const rows = deviceTable
    .split('\n')
    .slice(2)
    .filter((line) => line.includes(':'));
  return rows.map((line) => {
    const [name = '', values = ''] = line.split(':');
    const [receivedBytes = 0, receivedPackets = 0, receiveErrors = 0, receiveDropped = 0, , , , , ...sent] = values
      .trim()
      .split(/\s+/)
      .map(Number);
    const [sentBytes = 0, sentPackets = 0, sendErrors = 0, sendDropped = 0] = sent;
    return {
      name: name.trim(),
      receivedBytes,
      receivedPackets,
      receiveErrors,
      receiveDropped,
      sentBytes,
      sentPackets,
      sendErrors,
      sendDropped,
    };
  });
}

/** Interfaces of the network that the process sees; none where it is gone. `lo` is left out. */
export async function networkOfProcess(pid: number | 'self'): Promise<NetworkInterface[]> {
  try {
    return networkInterfacesIn(await text(`/proc/${pid}/net/dev`)).filter(({ name }) => name !== 'lo');
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EINVAL'].includes(errorCode(error))) return [];
    throw error;
  }
}
