/** The files of a downward API volume: what a pod may know of itself. Pure. Source: pkg/volume/downwardapi/downwardapi.go */
import type { DownwardAPIVolumeFile, Pod } from '../../../functions/kube/generated/types.ts';
import { fieldValue, resourceValue, type EnvironmentInput } from '../../pods/environment.ts';
import type { FileContent } from './atomic-files.ts';
import { fileModeDefault } from './object-files.ts';

export type NodeFacts = Pick<EnvironmentInput, 'allocatable' | 'hostIps' | 'nodeName'>;

export function downwardFiles(
  pod: Pod,
  { items = [], defaultMode = fileModeDefault }: { readonly items?: readonly DownwardAPIVolumeFile[]; readonly defaultMode?: number },
  facts: NodeFacts,
): Map<string, FileContent> {
  const valueOf = ({ fieldRef, resourceFieldRef }: DownwardAPIVolumeFile): string => {
    if (fieldRef !== undefined) return fieldValue({ ...facts, pod, podIps: [] }, fieldRef.fieldPath);
    // Its container is named in the reference: a volume belongs to none.
    return resourceFieldRef === undefined ? '' : resourceValue({ ...facts, pod, container: { name: '' } }, resourceFieldRef);
  };
  return new Map(items.map((item) => [item.path, { content: Buffer.from(valueOf(item)), mode: item.mode ?? defaultMode }]));
}
