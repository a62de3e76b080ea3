/** Objects near and beyond what a server takes, in bytes and in items. */
import type { JsonObject } from '../../../../functions/kube/object.ts';
import { post, type Recipe } from '../compared-kind.ts';

const annotationsMax = 256 * 1024;
const bodyMax = 3 * 1024 * 1024;

export const largeBody: Recipe = (scene) => {
  const { base, choice } = scene;
  const metadata = base['metadata'] as JsonObject;
  const size = choice.of([annotationsMax - 1, annotationsMax, bodyMax + 1]);
  const many = Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`k${index}`, 'v']));
  const added = choice.of<JsonObject>([
    { annotations: { a: 'x'.repeat(size) } },
    { annotations: { a: 'x'.repeat(size) } },
    { labels: many },
    { finalizers: Array.from({ length: 300 }, (_, index) => `example.com/${index}`) },
  ]);
  return { about: `create a large object`, steps: [post(scene, { ...base, metadata: { ...metadata, ...added } }, 'dryRun=All')] };
};
