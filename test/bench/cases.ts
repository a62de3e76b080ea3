/** The cases that are measured: each runs for a while against one contender and returns its figures. */
import { setTimeout as sleep } from 'node:timers/promises';
import { bytesAt, createRequest, getRequest, listRequest, numberAt, paths, putRequest, watchRequest } from './etcd-messages.ts';
import { closedLoop, summary } from './closed-loop.ts';
import type { Contender } from './contenders.ts';
import type { Case } from './interleaved.ts';
import { benchPod, type PodSize } from './pods.ts';

export type Group = 'creates' | 'puts' | 'gets' | 'lists' | 'watches';

export interface BenchCase extends Case<Contender> {
  readonly group: Group;
}

const list10k = 10_000;
const sizes: readonly PodSize[] = ['1.1 KB', '14 KB'];
const suffixes: Readonly<Record<PodSize, string>> = { '1.1 KB': '', '4.5 KB': '/4KB', '14 KB': '/14KB' };

let made = 0;
const newName = (): string => `web-5d9c8b7f6-${String((made += 1)).padStart(7, '0')}`;

const keyOf = (resource: string, name: string): string => `/registry/${resource}/default/${name}`;
const valueOf = (name: string, size: PodSize): Buffer => Buffer.from(JSON.stringify(benchPod(name, size)));

async function create(contender: Contender, key: string, value: Buffer): Promise<void> {
  const answer = await contender.client.call(paths.txn, createRequest(key, value));
  if (numberAt(answer, 2) !== 1) throw new Error(`${contender.name}: ${key} was not created`);
}

/** Values that differ only in their name cost the client no more than a copy. */
function valuesFor(size: PodSize): (name: string) => Buffer {
  const sample = newName();
  const text = JSON.stringify(benchPod(sample, size));
  return (name) => Buffer.from(text.replaceAll(sample, name));
}

export function creates(inFlight: number, size: PodSize): BenchCase {
  const valueFor = valuesFor(size);
  return {
    key: `creates@${inFlight}${suffixes[size]}`,
    group: 'creates',
    ratioOf: 'perSecond',
    run: (contender, seconds) =>
      closedLoop(contender, {
        inFlight,
        seconds,
        one: () => {
          const name = newName();
          return create(contender, keyOf('created', name), valueFor(name));
        },
      }),
  };
}

const putNames = Array.from({ length: 1000 }, newName);

function puts(inFlight: number, size: PodSize): BenchCase {
  const valueFor = valuesFor(size);
  return {
    key: `puts@${inFlight}${suffixes[size]}`,
    group: 'puts',
    ratioOf: 'perSecond',
    run: (contender, seconds) =>
      closedLoop(contender, {
        inFlight,
        seconds,
        one: async (step) => {
          const name = putNames[step % putNames.length]!;
          const value = Buffer.from(
            valueFor(name)
              .toString()
              .replace('"nodeName":"', `"nodeName":"n${made + step}-`),
          );
          await contender.client.call(paths.put, putRequest(keyOf(`put${suffixes[size].slice(1)}`, name), value));
        },
      }),
  };
}

function gets(inFlight: number, size: PodSize): BenchCase {
  return {
    key: `gets@${inFlight}${suffixes[size]}`,
    group: 'gets',
    ratioOf: 'perSecond',
    async run(contender, seconds) {
      const prepared = await filled(contender, size);
      return closedLoop(contender, {
        inFlight,
        seconds,
        one: async (step) => {
          const answer = await contender.client.call(paths.range, getRequest(prepared[(step * 7919) % prepared.length]!));
          if (bytesAt(answer, 2) === undefined) throw new Error(`${contender.name}: an object is missing`);
        },
      });
    },
  };
}

function lists(size: PodSize): BenchCase {
  return {
    key: `list10k${suffixes[size]}`,
    group: 'lists',
    ratioOf: 'p50Ms',
    async run(contender, seconds) {
      const [first = ''] = await filled(contender, size);
      const prefix = first.slice(0, first.lastIndexOf('/') + 1);
      return closedLoop(contender, {
        inFlight: 1,
        seconds,
        one: async () => {
          const answer = await contender.client.call(paths.range, listRequest(prefix));
          if (answer.length < list10k * 1000) throw new Error(`${contender.name}: the list is too short`);
        },
      });
    },
  };
}

const fills = new WeakMap<Contender, Map<PodSize, readonly string[]>>();

/** Ten thousand objects of a size, once for each contender. */
async function filled(contender: Contender, size: PodSize): Promise<readonly string[]> {
  const known = fills.get(contender) ?? new Map<PodSize, readonly string[]>();
  fills.set(contender, known);
  const there = known.get(size);
  if (there !== undefined) return there;
  const keys: string[] = [];
  const next = Array.from({ length: list10k }, (_, index) => `web-5d9c8b7f6-listed-${index}`).values();
  const worker = async (): Promise<void> => {
    for (const name of next) {
      const key = keyOf(`listed${suffixes[size].slice(1)}`, name);
      keys.push(key);
      await create(contender, key, valueOf(name, size));
    }
  };
  await Promise.all(Array.from({ length: 64 }, worker));
  known.set(size, keys);
  return keys;
}

const changesPerSecond = 100;
const mark = '"sent":"';
const watchConnections = 4;

/**
 * A hundred changes a second, whether or not they arrive, and each watcher hears of each: a gap or a repetition is an
 * error.
 */
function watches(watchers: number, size: PodSize): BenchCase {
  return {
    key: `watch${watchers}${suffixes[size]}`,
    group: 'watches',
    ratioOf: 'p99Ms',
    async run(contender, seconds) {
      const resource = `watched${(made += 1)}`;
      const name = newName();
      const base = benchPod(name, size);
      const latenciesMs: number[] = [];
      let watching = 0;
      const followers = Array.from({ length: watchConnections }, () => {
        const heard = new Map<number, Set<number>>();
        return contender.client.stream(paths.watch, (body) => {
          if (numberAt(body, 3) === 1) watching += 1;
          hear(body, heard, latenciesMs);
        });
      });
      for (let index = 0; index < watchers; index += 1) followers[index % watchConnections]!.send(watchRequest(keyOf(resource, '')));
      await until(() => watching === watchers);
      const cpuBeforeMs = contender.cpuMs();
      const startMs = performance.now();
      const changes = Math.round(seconds * changesPerSecond);
      const puts: Promise<Buffer>[] = [];
      for (let change = 1; change <= changes; change += 1) {
        const waitMs = startMs + (change * 1000) / changesPerSecond - performance.now();
        if (waitMs > 0) await sleep(waitMs);
        const object = { ...base, metadata: { ...base.metadata, annotations: { sent: `${change} ${performance.now().toFixed(2)}` } } };
        puts.push(contender.client.call(paths.put, putRequest(keyOf(resource, name), Buffer.from(JSON.stringify(object)))));
      }
      await Promise.all(puts);
      await until(() => latenciesMs.length === changes * watchers);
      for (const follower of followers) follower.close();
      return summary(contender, latenciesMs, { cpuBeforeMs, startMs });
    },
  };
}

/** Takes the changes of one message. Changes that are sent at the same time may come in any order, but each only once. */
function hear(body: Buffer, heard: Map<number, Set<number>>, latenciesMs: number[]): void {
  let at = body.indexOf(mark);
  if (at === -1) return;
  const nowMs = performance.now();
  const watch = numberAt(body, 2);
  for (; at !== -1; at = body.indexOf(mark, at + 1)) {
    const [change, sentMs] = body
      .toString('latin1', at + mark.length, body.indexOf(34, at + mark.length))
      .split(' ')
      .map(Number) as [number, number];
    const known = heard.get(watch) ?? new Set();
    if (known.has(change)) throw new Error(`watch ${watch} heard change ${change} twice`);
    heard.set(watch, known.add(change));
    latenciesMs.push(nowMs - sentMs);
  }
}

const untilMsMax = 60_000;

async function until(isSo: () => boolean): Promise<void> {
  for (const endMs = performance.now() + untilMsMax; !isSo();) {
    if (performance.now() > endMs) throw new Error('waited for too long');
    await sleep(5);
  }
}

export const benchCases: readonly BenchCase[] = sizes.flatMap((size) => [
  ...[1, 16, 64].map((inFlight) => creates(inFlight, size)),
  ...[1, 16, 64].map((inFlight) => puts(inFlight, size)),
  ...[1, 16, 64].map((inFlight) => gets(inFlight, size)),
  lists(size),
  ...[100, 1000].filter((watchers) => watchers === 100 || size === '1.1 KB').map((watchers) => watches(watchers, size)),
]);
