/**
 * What a dead container reports about its end: what it wrote to its termination log or, where its policy asks for that,
 * the end of its output. Source: pkg/kubelet/kuberuntime/kuberuntime_container.go (convertToKubeContainerStatus)
 */
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { Pod } from '../../functions/kube/generated/types.ts';
import { errorCode } from '../files/error-code.ts';
import { createLineSplitter, formattedLine, parseLogLine } from '../relay/log-line.ts';
import { tailOffset } from '../relay/log-reader.ts';
import type { ContainerStatus } from '../runtime/runtime.ts';
import { containersOf } from './pod-facts.ts';

/** Source: pkg/kubelet/container/runtime.go (MaxContainerTerminationMessage…) */
const messageBytesMax = 4096;
const logBytesMax = 2048;
const logLinesMax = 80;

/** Longer lines are cut: no more of the log is read for its last 2 KiB. */
const logReadBytesMax = 256 << 10;

/** Whether the policy lets the output stand in for an empty termination log. A container that never ran has no output. */
export function fallsBackToLogs(pod: Pod, { name, exitCode, reason }: ContainerStatus): boolean {
  const container = containersOf(pod).find((other) => other.name === name);
  return container?.terminationMessagePolicy === 'FallbackToLogsOnError' && exitCode !== 0 && reason !== 'ContainerCannotRun';
}

/** The end of the file; '' when it is not there. */
export const endOfFile = (path: string): Promise<string> =>
  orEmpty(path, async (file) => (await readEnd(file, messageBytesMax)).toString('utf8'));

/** The last lines of a log of the runtime, as its container wrote them; '' when there is no log. */
export const endOfLog = (path: string): Promise<string> =>
  orEmpty(path, async (file) => {
    const { size } = await file.stat();
    const bytes = await readEnd(file, Math.min(size - (await tailOffset(file, logLinesMax)), logReadBytesMax));
    const output = createLineSplitter()(bytes).map((text) => {
      const line = parseLogLine(text);
      return line === undefined
        ? Buffer.alloc(0)
        : (formattedLine(line, { timestamps: false, sinceMs: undefined }, false) ?? Buffer.alloc(0));
    });
    return Buffer.concat(output).subarray(-logBytesMax).toString('utf8');
  });

async function orEmpty(path: string, read: (file: FileHandle) => Promise<string>): Promise<string> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    return await read(file);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return '';
    throw error;
  }
}

async function readEnd(file: FileHandle, bytesMax: number): Promise<Buffer> {
  const { size } = await file.stat();
  const length = Math.min(size, bytesMax);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
  return buffer.subarray(0, bytesRead);
}
