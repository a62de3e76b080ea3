/**
 * Variables that containers of the pod wrote into a file of one of its volumes. What is there is no more trusted than a
 * container: the file is opened below its volume, without following links, and only so much of it is read.
 * Source: pkg/kubelet/util/env/util.go (ParseEnv), pkg/kubelet/kubelet_pods.go (makeEnvironmentVariables)
 */
import { constants } from 'node:fs';
import type { Container } from '../../functions/kube/generated/types.ts';
import { Directory } from '../files/directory.ts';
import type { PodVolumes } from '../volumes/volumes.ts';
import { ContainerConfigError } from './lookup.ts';

/** Upstream's limit of a line is 64 KiB, and of a file none. */
const fileBytesMax = 1 << 20;

export type EnvFiles = ReadonlyMap<string, string>;

export const envFileKey = (volumeName: string, path: string): string => `${volumeName}/${path}`;

/** The texts of the files that the container's variables name, by `envFileKey`. */
export async function readEnvFiles(container: Container, volumes: PodVolumes): Promise<EnvFiles> {
  const files = new Map<string, string>();
  for (const { valueFrom } of container.env ?? []) {
    if (valueFrom?.fileKeyRef === undefined) continue;
    const { volumeName, path } = valueFrom.fileKeyRef;
    const volume = volumes.get(volumeName);
    if (volume === undefined) throw new ContainerConfigError(`cannot find the volume "${volumeName}" referenced by FileKeyRef`);
    const key = envFileKey(volumeName, path);
    if (!files.has(key)) files.set(key, await readFileBelow(volume.path, path));
  }
  return files;
}

async function readFileBelow(volumePath: string, path: string): Promise<string> {
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  try {
    await using volume = await Directory.open(volumePath);
    await using parent = await volume.descend(names.slice(0, -1));
    await using file = await parent.file(names.at(-1) ?? '', constants.O_RDONLY);
    const stats = await file.stat();
    if (!stats.isFile() || stats.size > fileBytesMax) throw new Error('no file of variables');
    const { buffer, bytesRead } = await file.read(Buffer.alloc(fileBytesMax), 0, fileBytesMax, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw unreadable();
  }
}

/** What is wrong with it stays on the node: the text is a container's. */
const unreadable = (): ContainerConfigError => new ContainerConfigError("couldn't parse env file");

/** The value of `KEY='value'`, which may go over several lines; '' where there is none. Throws ContainerConfigError. */
export function envFileValue(text: string, key: string): string {
  let at = 0;
  while (at < text.length) {
    const variable = readVariable(text, at);
    if (variable.name === key) return variable.value;
    at = variable.end;
  }
  return '';
}

interface Variable {
  /** Undefined: a blank line or a comment. */
  readonly name?: string;
  readonly value: string;
  /** Where the next line begins. */
  readonly end: number;
}

const isBlank = (char: string): boolean => char === ' ' || char === '\t';

function skipBlanks(text: string, start: number): number {
  let at = start;
  while (isBlank(text.charAt(at))) at += 1;
  return at;
}

function lineEnd(text: string, start: number): number {
  const at = text.indexOf('\n', start);
  return at === -1 ? text.length : at;
}

function readVariable(text: string, start: number): Variable {
  const begin = skipBlanks(text, start);
  const end = lineEnd(text, begin);
  const line = text.slice(begin, end).replace(/\r$/, '');
  if (line === '' || line.startsWith('#')) return { value: '', end: end + 1 };
  const equals = line.indexOf('=');
  const name = line.slice(0, Math.max(0, equals));
  if (name === '' || isBlank(name.slice(-1))) throw unreadable();
  const from = begin + equals + 1;
  // As in a shell, a blank behind `=` ends the value before it begins.
  if (isBlank(text.charAt(from))) return { name, value: '', end: end + 1 };
  if (text.charAt(from) !== "'") throw unreadable();
  const close = text.indexOf("'", from + 1);
  if (close === -1) throw unreadable();
  return { name, value: text.slice(from + 1, close).replaceAll('\r\n', '\n'), end: afterValue(text, close + 1) };
}

/** Behind a value there may be a comment. */
function afterValue(text: string, start: number): number {
  const end = lineEnd(text, start);
  const at = skipBlanks(text, start);
  const rest = text.slice(at, end).replace(/\r$/, '');
  if (rest !== '' && !rest.startsWith('#')) throw unreadable();
  return end + 1;
}
