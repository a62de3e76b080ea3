/** All of the agent that reads a file which containers may have made. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readEnvFiles } from '../../agent/pods/env-file.ts';
import { ContainerConfigError } from '../../agent/pods/lookup.ts';
import { endOfFile, endOfLog } from '../../agent/pods/termination-message.ts';
import { readLog } from '../../agent/relay/log-reader.ts';
import { createNodeServer } from '../../agent/relay/node-server.ts';
import { virtualWorld } from '../support/virtual-world.ts';

export interface Reader {
  /** By the whole path, and by the name below the directory. */
  read(path: string, name: string): Promise<string>;
  readonly bytesMax: number;
}

const readBytesMax = 1 << 20;
/** U+FFFD, which stands for a byte that is no text, takes three. */
const replaced = 3;

async function logOf(path: string): Promise<string> {
  let text = '';
  const { clock } = virtualWorld();
  const options = { follow: false, timestamps: false, previous: false, limitBytes: 4096 } as never;
  const source = { path, options, isOpen: async () => false, clock, signal: new AbortController().signal };
  try {
    for await (const bytes of readLog(source)) text += bytes.toString('latin1');
  } catch (error) {
    assert.ok(error instanceof Error);
  }
  return text;
}

async function variableOf(directory: string, name: string): Promise<string> {
  const env = [{ name: 'A', valueFrom: { fileKeyRef: { volumeName: 'v', path: name, key: 'KEY' } } }];
  try {
    const files = await readEnvFiles({ name: 'main', env }, new Map([['v', { path: directory, isReadOnly: false }]]));
    return [...files.values()].join('');
  } catch (error) {
    assert.ok(error instanceof ContainerConfigError);
    assert.equal(error.message, "couldn't parse env file");
    return '';
  }
}

/** What a client of the node reads until it has enough. */
async function servedBy(port: number, name: string): Promise<string> {
  const request = get({ port, host: '127.0.0.1', path: `/logs/${name}`, agent: false });
  const [response] = (await once(request, 'response')) as [AsyncIterable<Buffer> & { destroy(): void }];
  let text = '';
  for await (const chunk of response) {
    text += chunk.toString('latin1').slice(0, 1000);
    if (text.length > readBytesMax) break;
  }
  return text;
}

export interface FileReaders {
  readonly readers: Readonly<Record<string, Reader>>;
  close(): void;
}

/** `directory`: where the files are; the node shows it as that of its logs. */
export async function fileReaders(directory: string): Promise<FileReaders> {
  const door = createServer(createNodeServer({ config: {} as never, pods: () => [], logDirectory: directory }).answer);
  await once(door.listen(0, '127.0.0.1'), 'listening');
  const { port } = door.address() as AddressInfo;
  return {
    readers: {
      'the termination message': { read: endOfFile, bytesMax: replaced * 4096 },
      'the end of the output': { read: endOfLog, bytesMax: replaced * 2048 },
      'the log': { read: logOf, bytesMax: 4096 },
      'the variables of a file': { read: (_, name) => variableOf(directory, name), bytesMax: replaced * readBytesMax },
      'the logs that the node shows': { read: (_, name) => servedBy(port, name), bytesMax: 2 * readBytesMax },
    },
    close: () => void door.close(),
  };
}
