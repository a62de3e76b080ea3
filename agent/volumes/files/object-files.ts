/** The files that a ConfigMap or Secret volume shows. Pure. Source: pkg/volume/configmap/configmap.go, pkg/volume/secret/secret.go */
import type { ConfigMap, KeyToPath, Secret } from '../../../functions/kube/generated/types.ts';
import type { FileContent } from './atomic-files.ts';

export const fileModeDefault = 0o644;

export interface Projection {
  readonly items: readonly KeyToPath[] | undefined;
  readonly defaultMode: number | undefined;
  readonly optional: boolean;
}

export function configMapContent(configMap: ConfigMap | undefined): Map<string, Uint8Array> {
  const text = Object.entries(configMap?.data ?? {}).map(([key, value]): [string, Uint8Array] => [key, Buffer.from(value)]);
  const binary = Object.entries(configMap?.binaryData ?? {}).map(([key, value]): [string, Uint8Array] => [
    key,
    Buffer.from(value, 'base64'),
  ]);
  return new Map([...text, ...binary]);
}

export const secretContent = (secret: Secret | undefined): Map<string, Uint8Array> =>
  new Map(Object.entries(secret?.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64')]));

const references = { configmap: 'configmap references non-existent config', secret: 'references non-existent secret' } as const;

/** Throws for an item whose key is not there, unless the volume is optional. */
export function projectedFiles(
  content: ReadonlyMap<string, Uint8Array>,
  projection: Projection,
  what: keyof typeof references,
): Map<string, FileContent> {
  const mode = projection.defaultMode ?? fileModeDefault;
  if (projection.items === undefined || projection.items.length === 0) {
    return new Map([...content].map(([key, bytes]) => [key, { content: bytes, mode }]));
  }
  const files = new Map<string, FileContent>();
  for (const item of projection.items) {
    const bytes = content.get(item.key);
    if (bytes !== undefined) files.set(item.path, { content: bytes, mode: item.mode ?? mode });
    else if (!projection.optional) throw new Error(`${references[what]} key: ${item.key}`);
  }
  return files;
}
