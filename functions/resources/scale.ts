/** The Scale of kinds that count their pods in `spec.replicas` and choose them with a label selector. */
import type { LabelSelector } from '../kube/generated/types.ts';
import { selectorText } from '../kube/labels.ts';
import type { KubeObject } from '../kube/object.ts';
import type { ScaleSource } from './definition.ts';

interface Scalable extends KubeObject {
  spec: { replicas?: number; selector?: LabelSelector | Record<string, string> };
  status?: { replicas?: number };
}

export const replicaScale = <T extends Scalable>(): ScaleSource<T> => ({
  specReplicas: ({ spec }) => spec.replicas ?? 0,
  statusReplicas: ({ status }) => status?.replicas ?? 0,
  selector: ({ spec }) => selectorText(spec.selector ?? {}),
  setReplicas({ spec }, replicas) {
    spec.replicas = replicas;
  },
});
