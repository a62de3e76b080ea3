import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { running } from '../../test/support/node-pod.ts';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import type { Image } from '../runtime/runtime.ts';
import { createNodeImages } from './node-images.ts';

const sandboxImage = 'registry.k8s.io/pause:3.9';
const image = (id: string, more: Partial<Image> = {}): Image => ({
  id,
  sizeBytes: 10,
  tags: [`${id}:v1`],
  digests: [],
  uid: undefined,
  username: '',
  ...more,
});

function node(images: Image[], used: string[] = [], percent = { high: 85, low: 80 }) {
  const world = virtualWorld();
  const removed: string[] = [];
  const shortages: string[] = [];
  let usedBytes = 0;
  const nodeImages = createNodeImages({
    ...world,
    sandboxImage,
    percent,
    runtime: {
      listImages: async () => images.filter(({ id }) => !removed.includes(id)),
      listContainers: async () => used.map((imageRef) => running('main', { state: 'exited', imageRef })),
      removeImage: async (id) => void removed.push(id),
    },
    usage: async () => ({ capacityBytes: 100, availableBytes: 100 - usedBytes }),
    onShortage: (message) => shortages.push(message),
  });
  const fill = (bytes: number) => (usedBytes = bytes);
  return { ...nodeImages, world, removed, shortages, images, used, fill };
}
const twoMinutes = 2 * 60 * 1000;

describe('when the disk is full', () => {
  test('images that nothing uses go until it is at four fifths', async () => {
    const { collect, world, fill, removed, shortages } = node([image('a'), image('b'), image('c')]);
    await collect();
    await world.advance(twoMinutes);
    fill(84);
    await collect();
    assert.deepEqual(removed, []);
    fill(95);
    await collect();
    assert.deepEqual([removed, shortages], [['a', 'b'], []]);
  });

  test('when the disk is full, images that were used longest ago go first', async () => {
    const { collect, refresh, world, fill, removed, used } = node([image('a'), image('b'), image('c')], ['a']);
    await collect();
    await world.advance(twoMinutes);
    used.splice(0, 1, 'c:v1');
    await refresh();
    await world.advance(1000);
    used.pop();
    fill(99);
    await collect();
    assert.deepEqual(removed, ['b', 'a']);
  });

  test('images of running and ended containers, the sandbox’s and new ones stay, and the shortage is reported', async () => {
    const { collect, world, fill, removed, shortages, images } = node(
      [image('a'), image('b', { digests: ['b@sha256:1'] }), image('p', { tags: [sandboxImage] })],
      ['a', 'b@sha256:1'],
    );
    await collect();
    await world.advance(twoMinutes);
    images.push(image('new'));
    fill(90);
    await collect();
    assert.deepEqual(removed, []);
    assert.deepEqual(shortages, [
      'Failed to garbage collect required amount of images. Attempted to free 10 bytes, but only found 0 bytes eligible to free.',
    ]);
  });
});

test('no image is removed, however full the disk is, where the threshold is 100', async () => {
  const { collect, world, fill, removed } = node([image('a')], [], { high: 100, low: 80 });
  await collect();
  await world.advance(twoMinutes);
  fill(100);
  await collect();
  assert.deepEqual(removed, []);
});

test('what a container uses, and the sandbox’s image, stay when all unused images go', async () => {
  const { freeUnused, refresh, world, removed, images } = node([image('a'), image('b'), image('p', { tags: [sandboxImage] })], ['a']);
  await refresh();
  await world.advance(twoMinutes);
  images.push(image('c'));
  await freeUnused();
  assert.deepEqual(removed, ['b']);
});

test('the Node lists its images the same, in whatever order the runtime does', async () => {
  const images = [image('b', { tags: ['b:2', 'b:1'] }), image('a')];
  const [one, other] = [node(images), node([...images].reverse())];
  await Promise.all([one.refresh(), other.refresh()]);
  assert.deepEqual(one.list(), other.list());
  assert.deepEqual(
    one.list().map(({ names }) => names),
    [['a:v1'], ['b:1', 'b:2']],
  );
});

test('the Node lists the largest images with some of their names', async () => {
  const tags = ['1', '2', '3', '4', '5', '6'].map((tag) => `big:${tag}`);
  const small = Array.from({ length: 60 }, (_each, index) => image(`small-${index}`, { sizeBytes: index }));
  const { refresh, list } = node([...small, image('big', { sizeBytes: 1000, tags, digests: ['big@sha256:1'] })]);
  assert.deepEqual(list(), []);
  await refresh();
  assert.equal(list().length, 50);
  assert.deepEqual(list()[0], { names: ['big@sha256:1', 'big:1', 'big:2', 'big:3', 'big:4'], sizeBytes: 1000 });
  assert.deepEqual(list()[1], { names: ['small-59:v1'], sizeBytes: 59 });
});
