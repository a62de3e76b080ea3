/**
 * The last desired state on disk, so that a node that restarts without its apiserver keeps its pods running. A journal:
 * each answer of a poll is one sealed record. When the journal has grown too long, it is written anew from the whole
 * state. The poll never waits for the disk. A torn record at the end is ignored; the records before it stay.
 *
 *   identity (16 bytes)  { length (4 bytes)  sealed record }…
 */
import { randomBytes } from 'node:crypto';
import { appendFile, mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { NodePollResponse } from '../../functions/node-protocol/node-poll.ts';
import type { KubeObject } from '../../functions/kube/object.ts';
import type { World } from '../../functions/world.ts';
import { orUndefined } from '../files/error-code.ts';
import { createRunner, type Runner } from '../runner.ts';
import type { Seal } from './seal.ts';

export type Answer = Pick<NodePollResponse, 'snapshot' | 'objects' | 'gone' | 'unreadable'>;

export interface Checkpoint {
  /** What was noted, in its order; empty where there is none that can be read. */
  load(): Promise<readonly Answer[]>;
  /** Never waits. `all`: the whole state, asked for when it is written anew. */
  note(answer: Answer, all: () => readonly KubeObject[]): void;
  /** Resolves when all that was noted is on disk, or cannot be written. */
  close(): Promise<void>;
}

export interface CheckpointOptions extends Pick<World, 'clock' | 'log'> {
  readonly path: string;
  readonly seal: Seal;
  /** A journal of fewer bytes is only appended to. */
  readonly bytesMin?: number;
}

const bytesMinDefault = 4 << 20;
/** How many times its length after a rewrite the journal may reach. */
const growthMax = 2;
/** More answers than the disk takes are cheaper to write as one state. */
const waitingMax = 100;
const identityBytes = 16;
const lengthBytes = 4;
const fileMode = 0o600;

export const createCheckpoint = (options: CheckpointOptions): Checkpoint => new Journal(options);

class Journal implements Checkpoint {
  readonly #options: CheckpointOptions;
  readonly #runner: Runner;
  /** Empty until this agent wrote the journal once: what an older one left is not appended to. */
  #identity = Buffer.alloc(0);
  #records = 0;
  #bytes = 0;
  #bytesAnew = 0;
  #waiting: Answer[] = [];
  #all: (() => readonly KubeObject[]) | undefined;

  constructor(options: CheckpointOptions) {
    this.#options = options;
    this.#runner = createRunner(options, 'the checkpoint', () => this.#write());
  }

  async load(): Promise<readonly Answer[]> {
    const bytes = await orUndefined(readFile(this.#options.path));
    if (bytes === undefined) return [];
    const identity = bytes.subarray(0, identityBytes);
    const answers: Answer[] = [];
    for (let at = identityBytes; at + lengthBytes <= bytes.length;) {
      const length = bytes.readUInt32BE(at);
      const record = bytes.subarray(at + lengthBytes, at + lengthBytes + length);
      const opened = this.#options.seal.open(record, placeOf(identity, answers.length));
      if (opened === undefined) break;
      answers.push(JSON.parse(opened.toString('utf8')) as Answer);
      at += lengthBytes + length;
    }
    return answers;
  }

  note(answer: Answer, all: () => readonly KubeObject[]): void {
    this.#all = all;
    this.#waiting.push(answer);
    this.#runner.request();
  }

  async close(): Promise<void> {
    await this.#runner.stop();
    if (this.#waiting.length === 0) return;
    try {
      await this.#write();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#options.log.warn('the checkpoint misses the last changes', { error: error.message });
    }
  }

  async #write(): Promise<void> {
    const { bytesMin = bytesMinDefault } = this.#options;
    const isTooLong = this.#bytes > Math.max(bytesMin, growthMax * this.#bytesAnew);
    if (this.#identity.length === 0 || isTooLong || this.#waiting.length > waitingMax) return this.#writeAnew();
    const answers = this.#waiting;
    if (answers.length === 0) return;
    const records = Buffer.concat(answers.map((answer, index) => this.#record(this.#identity, this.#records + index, answer)));
    this.#waiting = [];
    try {
      await appendFile(this.#options.path, records, { mode: fileMode });
    } catch (error) {
      // A part may be there: what follows it could not be read.
      this.#identity = Buffer.alloc(0);
      throw error;
    }
    this.#records += answers.length;
    this.#bytes += records.length;
  }

  async #writeAnew(): Promise<void> {
    const { path } = this.#options;
    this.#waiting = [];
    // Until it is written, nothing may be appended: what waited is in no record.
    this.#identity = Buffer.alloc(0);
    const identity = randomBytes(identityBytes);
    const record = this.#record(identity, 0, { snapshot: true, objects: this.#all?.() ?? [], gone: [] });
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    {
      await using draft = await open(`${path}.draft`, 'w', fileMode);
      await draft.writeFile(Buffer.concat([identity, record]));
      await draft.sync();
    }
    await rename(`${path}.draft`, path);
    this.#identity = identity;
    this.#records = 1;
    this.#bytesAnew = this.#bytes = identity.length + record.length;
  }

  #record(identity: Buffer, number: number, answer: Answer): Buffer {
    const sealed = this.#options.seal.close(Buffer.from(JSON.stringify(answer)), placeOf(identity, number));
    const length = Buffer.alloc(lengthBytes);
    length.writeUInt32BE(sealed.length);
    return Buffer.concat([length, sealed]);
  }
}

/** Records can be neither reordered nor taken from another journal. */
const placeOf = (identity: Uint8Array, number: number): string => `${Buffer.from(identity).toString('hex')} ${number}`;
