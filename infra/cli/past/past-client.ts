/** Reads a cluster as of a moment, for the commands of this folder. */
import type { ReadJson } from '../../backup/collect-objects.ts';
import { collectObjects, currentRevision } from '../../backup/collect-objects.ts';
import type { PlacedObject } from './object-changes.ts';

/** The objects of one namespace and the Namespace itself, or those of all namespaces. */
export async function objectsOf(read: ReadJson, namespace: string | undefined, leftOut: ReadonlySet<string>): Promise<PlacedObject[]> {
  const objects: PlacedObject[] = [];
  for await (const { resource, object } of collectObjects(read, await currentRevision(read))) {
    const { metadata } = object;
    const isOurs =
      namespace === undefined || metadata.namespace === namespace || (resource === 'namespaces' && metadata.name === namespace);
    if (isOurs && !leftOut.has(resource)) objects.push({ resource, object });
  }
  return objects;
}
