import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { KubeObject } from '../../functions/kube/object.ts';
import { eventually } from '../../test/support/eventually.ts';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { createDesiredState } from '../desired-state.ts';
import { createCheckpoint, type Answer, type Checkpoint } from './checkpoint.ts';
import { createSeal, sealFromFile } from './seal.ts';

const directory = mkdtempSync(join(tmpdir(), 'checkpoint-'));
after(() => rmSync(directory, { recursive: true }));

const secret = (name: string, value = 'aHVudGVyMg=='): KubeObject =>
  ({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'default', uid: name }, data: { password: value } }) as KubeObject;
const brings = (...objects: KubeObject[]): Answer => ({ snapshot: false, objects, gone: [] });
const gone = (name: string): Answer => ({
  snapshot: false,
  objects: [],
  gone: [{ apiVersion: 'v1', kind: 'Secret', namespace: 'default', name, uid: name }],
});
const key = Buffer.alloc(32, 7);

let count = 0;
function node(options: { readonly bytesMin?: number } = {}) {
  const path = join(directory, String((count += 1)), 'desired-state');
  const start = (with_: Uint8Array = key): { checkpoint: Checkpoint; hear: (...answers: Answer[]) => Promise<void> } => {
    const checkpoint = createCheckpoint({ ...virtualWorld(), path, seal: createSeal(with_), ...options });
    const desired = createDesiredState();
    const hear = async (...answers: Answer[]): Promise<void> => {
      for (const answer of answers) {
        desired.apply(answer);
        checkpoint.note(answer, () => desired.all());
      }
      await checkpoint.close();
    };
    return { checkpoint, hear };
  };
  /** The names that an agent finds which starts now. */
  const found = async (with_: Uint8Array = key): Promise<string[]> => {
    const desired = createDesiredState();
    for (const answer of await start(with_).checkpoint.load()) desired.apply(answer);
    return desired.all().map(({ metadata }) => metadata.name ?? '');
  };
  return { path, start, found };
}

test('what was noted is found by the next agent, in its order', async () => {
  const { path, start, found } = node();
  assert.deepEqual(await found(), []);
  await start().hear(brings(secret('a'), secret('b')), gone('a'), brings(secret('c')));
  assert.deepEqual(await found(), ['b', 'c']);
  assert.deepEqual(readdirSync(join(path, '..')), ['desired-state']);
});

test('the checkpoint is readable by the agent alone, and holds no Secret in the clear', async () => {
  const { path, start } = node();
  await start().hear(brings(secret('database', 'aHVudGVyMg==')));
  const bytes = readFileSync(path, 'latin1');
  for (const text of ['aHVudGVyMg', 'hunter2', 'password', 'database']) assert.equal(bytes.includes(text), false, text);
  assert.deepEqual([statSync(path).mode & 0o777, statSync(join(path, '..')).mode & 0o777], [0o600, 0o700]);
});

test('a change adds its own bytes, however large the state is', async () => {
  const { path, start } = node();
  const { checkpoint } = start();
  const desired = createDesiredState();
  const note = (answer: Answer): void => {
    desired.apply(answer);
    checkpoint.note(answer, () => desired.all());
  };
  note(brings(...Array.from({ length: 1000 }, (_, index) => secret(`s${index}`))));
  await eventually(() => assert.ok(statSync(path).size > 100_000));
  const before = statSync(path).size;
  note(brings(secret('one')));
  await checkpoint.close();
  assert.ok(statSync(path).size - before < 400, `${statSync(path).size - before} bytes`);
});

const pod = (name: string, image = 'nginx:1.27'): KubeObject =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: name, labels: { app: 'web' } },
    spec: {
      containers: [{ name: 'web', image, env: Array.from({ length: 20 }, (_, index) => ({ name: `V${index}`, value: 'x'.repeat(20) })) }],
    },
  }) as KubeObject;
const recordBytes = 200;

test('a change of one pod of a hundred writes the bytes of one pod', async () => {
  const { path, start, found } = node();
  const { checkpoint } = start();
  const desired = createDesiredState();
  const note = (answer: Answer): void => {
    desired.apply(answer);
    checkpoint.note(answer, () => desired.all());
  };
  note(brings(...Array.from({ length: 100 }, (_, index) => pod(`p${index}`))));
  await eventually(() => assert.ok(statSync(path).size > 100 * JSON.stringify(pod('p')).length));
  const before = statSync(path).size;
  const changed = pod('p7', 'nginx:1.28');
  note(brings(changed));
  await checkpoint.close();
  const written = statSync(path).size - before;
  assert.ok(written <= JSON.stringify(changed).length + recordBytes, `${written} bytes`);
  assert.equal((await found()).length, 100);
});

test('an agent that is killed in or between two writes leaves all that it had written before', async () => {
  const { path, start, found } = node();
  const { checkpoint } = start();
  const names = ['a', 'b', 'c'];
  const ends: number[] = [];
  for (const name of names) {
    checkpoint.note(brings(secret(name)), () => [secret(name)]);
    await eventually(() => assert.ok(statSync(path).size > (ends.at(-1) ?? 0)));
    ends.push(statSync(path).size);
  }
  await checkpoint.close();
  const whole = readFileSync(path);
  const edges = ends.flatMap((end) => [end, end - 1, end + 1]).filter((cut) => cut >= (ends[0] ?? 0) && cut <= whole.length);
  const between = Array.from({ length: whole.length }, (_, cut) => cut).filter((cut) => cut > (ends[0] ?? 0) && cut % 11 === 0);
  for (const cut of [...edges, ...between]) {
    writeFileSync(path, whole.subarray(0, cut));
    assert.deepEqual(await found(), names.slice(0, ends.filter((end) => end <= cut).length), `${cut} bytes`);
  }
});

test('an agent that is killed while it writes the journal anew leaves the one before', async () => {
  const { path, start, found } = node();
  await start().hear(brings(secret('a')), brings(secret('b')));
  const whole = readFileSync(path);
  for (const length of [0, 1, 20, whole.length - 1, whole.length]) {
    writeFileSync(`${path}.draft`, whole.subarray(0, length));
    assert.deepEqual(await found(), ['a', 'b'], `a draft of ${length} bytes`);
  }
  const next = start();
  await next.checkpoint.load();
  await next.hear(brings(secret('c')));
  assert.deepEqual([await found(), readdirSync(join(path, '..'))], [['c'], ['desired-state']]);
});

/** It holds two answers, which brought the Secrets a and b. Each later version has to find them. */
const formerJournal = [
  'Yulz34s2BBvhnLC08JJLMwAAAJ/jRD2DECGVh6qGddWzQLnYq06ArCfwxYPjWITCZxV9TOEaySiZj2o2BlhshBhrZsv0pNTjJpAPzp151d+Dv8EE1Q6Ga6XV',
  'ixUlnshwmGksjzt0o1TerJRaMvWOOl8QWkvICNO1KxikzDVj/aOQGgbaBTf80SjDwQd3F0Xp0JtV8cJFTi8Db0to3xo7stqo4ysTO953ADUh5v6tqTZp0CwA',
  'AACgIZZni+x/lHMPQOPHm5LvybTTCoJ7XdDrgFR2QpLo5pGP/IwN01Azfi/YTmNkQOkL3rEC1jWMIE7/dc01Qg1elKaQcZQi7iAmsMmZNuzxGMIrY47zNWV+',
  '+J2bO5xUQSSohaWoSHSie+3xwBM1nB29vLAOLgH+UKzATPHJFdW0a38874Nghl4XT92eLNtgWfoPhcq8NIbjL9h63h5a+pNUOw==',
].join('');

test('a journal that a former version wrote is found', async () => {
  const { path, start, found } = node();
  await start().hear(brings(secret('other')));
  writeFileSync(path, Buffer.from(formerJournal, 'base64'));
  assert.deepEqual(await found(), ['a', 'b']);
});

const valueOf = (round: number): string => Buffer.from(`value ${round};`).toString('base64url');

test('a journal that grew too long is written anew', async () => {
  const { path, start, found } = node({ bytesMin: 2000 });
  const { checkpoint } = start();
  const desired = createDesiredState();
  for (let round = 0; round < 100; round += 1) {
    const answer = brings(secret('same', valueOf(round)));
    desired.apply(answer);
    checkpoint.note(answer, () => desired.all());
    await eventually(async () => assert.match(JSON.stringify(await start().checkpoint.load()), new RegExp(valueOf(round))));
  }
  await checkpoint.close();
  assert.ok(statSync(path).size < 4000, `${statSync(path).size} bytes`);
  assert.deepEqual(await found(), ['same']);
});

test('what is behind a torn or changed record is left out', async () => {
  const { path, start, found } = node();
  const { checkpoint } = start();
  checkpoint.note(brings(secret('a')), () => [secret('a')]);
  await eventually(() => assert.ok(statSync(path).size > 0));
  checkpoint.note(brings(secret('b')), () => []);
  await checkpoint.close();
  const whole = readFileSync(path);
  assert.deepEqual(await found(), ['a', 'b']);
  truncateSync(path, whole.length - 1);
  assert.deepEqual(await found(), ['a']);
  const changed = Buffer.from(whole);
  changed[whole.length - 5]! ^= 1;
  writeFileSync(path, changed);
  assert.deepEqual(await found(), ['a']);
  for (const bytes of [Buffer.alloc(0), Buffer.alloc(18), Buffer.alloc(64, 0xff)]) {
    writeFileSync(path, bytes);
    assert.deepEqual(await found(), []);
  }
});

test('another node’s key opens nothing', async () => {
  const { start, found } = node();
  await start().hear(brings(secret('a')));
  assert.deepEqual(await found(Buffer.alloc(32, 8)), []);
});

test('the key is made once, for root alone', async () => {
  const path = join(directory, 'credential', 'token.seal');
  const first = await sealFromFile(path);
  const sealed = first.close(Buffer.from('text'), 'place');
  assert.equal((await sealFromFile(path)).open(sealed, 'place')?.toString(), 'text');
  assert.equal(first.open(sealed, 'elsewhere'), undefined);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});
