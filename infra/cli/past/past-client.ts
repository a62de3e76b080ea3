/** Reads a cluster as of a moment, for the commands of this folder. */
import type { ReadJson } from '../../backup/collect-objects.ts';
import { collectObjects, currentRevision } from '../../backup/collect-objects.ts';
import type { ApiAccess } from '../api-client.ts';
import { CliError } from '../cli-error.ts';
import type { PlacedObject } from './object-changes.ts';

/** `moment`: as the path takes it; undefined for now. */
export function reader({ fetch }: ApiAccess, moment?: string): ReadJson {
  const prefix = moment === undefined || moment === 'now' ? '' : `/as-of/${encodeURIComponent(moment)}`;
  return async <T>(path: string): Promise<T> => {
    const response = await fetch(`${prefix}${path}`);
    if (response.ok) return (await response.json()) as T;
    throw new CliError(`The API refused ${path.split('?')[0]}: ${messageOf(await response.text())}`);
  };
}

export function messageOf(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    if (typeof message === 'string') return message;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return text.slice(0, textMax);
}
const textMax = 300;

/** Of one namespace and the Namespace itself, or of all. */
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
