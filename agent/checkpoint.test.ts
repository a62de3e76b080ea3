import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { KubeObject } from '../functions/kube/object.ts';
import { virtualWorld } from '../test/support/virtual-world.ts';
import { checkpointFile } from './checkpoint.ts';
import { createDesiredState } from './desired-state.ts';
import { createRunner } from './runner.ts';

const directory = mkdtempSync(join(tmpdir(), 'checkpoint-'));
after(() => rmSync(directory, { recursive: true }));

const object = (kind: string, name: string, uid = name): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: 'default', uid },
});

describe('the checkpoint', () => {
  test('is read as it was written, by nobody but root', async () => {
    const path = join(directory, 'deep/checkpoint.json');
    const file = checkpointFile(path);
    assert.equal(await file.load(), undefined);
    await file.save({ objects: [object('Pod', 'a')] });
    await file.save({ objects: [object('Pod', 'b')] });
    assert.deepEqual(await file.load(), { objects: [object('Pod', 'b')] });
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(join(directory, 'deep')), ['checkpoint.json']);
  });

  test('that is torn or of another shape is none', async () => {
    const path = join(directory, 'torn.json');
    for (const text of ['{"objects":[', '{}', 'null']) {
      writeFileSync(path, text);
      assert.equal(await checkpointFile(path).load(), undefined, text);
    }
  });
});

describe('the desired state', () => {
  const names = (objects: readonly { metadata?: { name?: string } }[]) => objects.map(({ metadata }) => metadata?.name);

  test('is what the answers say, one after the other', () => {
    const desired = createDesiredState();
    assert.equal(desired.isKnown(), false);
    assert.deepEqual([...desired.apply({ snapshot: true, objects: [object('Pod', 'a'), object('Node', 'n')], gone: [] })], ['Pod', 'Node']);
    const gone = { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'a', uid: 'a' };
    assert.deepEqual([...desired.apply({ snapshot: false, objects: [object('Pod', 'b')], gone: [gone] })], ['Pod']);
    assert.deepEqual([names(desired.pods()), names(desired.nodes()), desired.isKnown()], [['b'], ['n'], true]);
    assert.deepEqual(names(desired.all()), ['b', 'n']);
  });

  test('a snapshot replaces everything, and says so of each kind that was there', () => {
    const desired = createDesiredState();
    desired.apply({ snapshot: true, objects: [object('Pod', 'a'), object('ConfigMap', 'c')], gone: [] });
    assert.deepEqual([...desired.apply({ snapshot: true, objects: [object('Pod', 'b')], gone: [] })].toSorted(), ['ConfigMap', 'Pod']);
    assert.deepEqual(names(desired.all()), ['b']);
    assert.equal(desired.configMap('default', 'c'), undefined);
  });

  test('a pod that took another’s name is not gone with it', () => {
    const desired = createDesiredState();
    desired.apply({ snapshot: true, objects: [object('Pod', 'a', 'new')], gone: [] });
    desired.apply({ snapshot: false, objects: [], gone: [{ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'a', uid: 'old' }] });
    assert.deepEqual(names(desired.pods()), ['a']);
  });
});

describe('a runner', () => {
  test('works once more when asked meanwhile, and never twice at a time', async () => {
    const world = virtualWorld();
    const ends: (() => void)[] = [];
    let begun = 0;
    const runner = createRunner(world, 'the work', async () => {
      begun += 1;
      await new Promise<void>((resolve) => ends.push(resolve));
    });
    for (let request = 0; request < 3; request += 1) runner.request();
    assert.equal(begun, 1);
    ends.shift()!();
    await world.settle();
    assert.equal(begun, 2);
    ends.shift()!();
    await world.advance(60_000);
    assert.equal(begun, 2);
  });

  test('tries again after a failure, later each time, until it is stopped', async () => {
    const world = virtualWorld();
    const atMs: number[] = [];
    const runner = createRunner(world, 'the work', async () => {
      atMs.push(world.clock.monotonicMs());
      throw new Error('no');
    });
    runner.request();
    await world.advance(3000);
    assert.deepEqual(atMs, [0, 200, 600, 1400, 3000]);
    await runner.stop();
    await world.advance(60_000);
    assert.equal(atMs.length, 5);
    assert.deepEqual(world.lines[0], {
      level: 'warn',
      message: 'a part of the node is not up to date; it is tried again',
      keys: { what: 'the work', error: 'no', delayMs: 200 },
    });
  });
});
