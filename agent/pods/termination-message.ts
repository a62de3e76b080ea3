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
const podMessageBytesMax = 12 << 10;
const logBytesMax = 2048;
const logLinesMax = 80;

/** Longer lines are cut: no more of the log is read for its last 2 KiB. */
const logReadBytesMax = 256 << 10;

/** Whether the policy lets the output stand in for an empty termination log. A container that never ran has no output. */
export function fallsBackToLogs(pod: Pod, { name, exitCode, reason }: ContainerStatus): boolean {
  const container = containersOf(pod).find((other) => other.name === name);
  return container?.terminationMessagePolicy === 'FallbackToLogsOnError' && exitCode !== 0 && reason !== 'ContainerCannotRun';
}

/** The end of the file; '' when it is not there. What a container made of it is no reason to report nothing of its end. */
export const endOfFile = (path: string): Promise<string> =>
  endOf(
    path,
    async (file) => (await readEnd(file, messageBytesMax)).toString('utf8'),
    (code) => `Error on reading termination log ${path}: ${code}`,
  );

/**
 * The message as a pod may report it: its containers share 12 KiB.
 * Source: pkg/kubelet/status/status_manager.go (normalizeStatus)
 */
export function messageWithin(pod: Pod, message: string): string {
  const bytesMax = Math.floor(podMessageBytesMax / containersOf(pod).length);
  return Buffer.byteLength(message) <= bytesMax ? message : Buffer.from(message).subarray(0, bytesMax).toString('utf8');
}

/** The last lines of a log of the runtime, as its container wrote them; '' when there is no log. */
export const endOfLog = (path: string): Promise<string> =>
  endOf(path, async (file) => {
    const { size } = await file.stat();
    const bytes = await readEnd(file, size - (await tailOffset(file, logLinesMax, logReadBytesMax)));
    const output = createLineSplitter()(bytes).map((text) => {
      const line = parseLogLine(text);
      return line === undefined
        ? Buffer.alloc(0)
        : (formattedLine(line, { timestamps: false, sinceMs: undefined }, false) ?? Buffer.alloc(0));
    });
    return Buffer.concat(output).subarray(-logBytesMax).toString('utf8');
  });

/** `otherwise`: what stands for a file that cannot be opened, by the kernel's error. */
async function endOf(
  path: string,
  read: (file: FileHandle) => Promise<string>,
  otherwise: (code: string) => string = () => '',
): Promise<string> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    return (await file.stat()).isFile() ? await read(file) : '';
  } catch (error) {
    const code = errorCode(error);
    if (code === '') throw error;
    return code === 'ENOENT' ? '' : otherwise(code);
  }
}

async function readEnd(file: FileHandle, bytesMax: number): Promise<Buffer> {
  const { size } = await file.stat();
  const length = Math.min(size, bytesMax);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
  return buffer.subarray(0, bytesRead);
}
