/**
 * Reserves volumes for the claims of a placed pod, or asks provisioners for some on its node. The binder of volumes does the rest.
 * Source: plugins/volumebinding/binder.go, bindAPIUpdate.
 */
import { copy } from '../kube/copy.ts';
import { annotationsOf } from '../kube/object.ts';
import { persistentVolumeClaims, persistentVolumes } from '../kube/resource-type.ts';
import { boundVolume, selectedNodeAnnotation } from '../kube/volumes.ts';
import type { ReconcileContext } from '../workers/controller.ts';
import type { VolumePlan } from './plugins/volume-binding.ts';

export async function bindVolumes({ bindings, provisions }: VolumePlan, nodeName: string, { client }: ReconcileContext): Promise<void> {
  for (const { volume, claim } of bindings) {
    const next = boundVolume(volume, claim);
    if (next !== volume) await client.update(persistentVolumes, next);
  }
  for (const claim of provisions) {
    if (annotationsOf(claim)[selectedNodeAnnotation] === nodeName) continue;
    const next = copy(claim);
    next.metadata.annotations = { ...next.metadata.annotations, [selectedNodeAnnotation]: nodeName };
    await client.update(persistentVolumeClaims, next);
  }
}
