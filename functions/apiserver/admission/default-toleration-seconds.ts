/** Pods outlive a short absence of their node. Source: plugin/pkg/admission/defaulttolerationseconds/admission.go. */
import type { Pod, Toleration } from '../../kube/generated/types.ts';
import { pods } from '../../kube/resource-type.ts';
import type { AdmissionPlugin } from '../ports.ts';
import { isOf } from './refuse.ts';

const taintKeys = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];
const toleratedSeconds = 300;
const effect = 'NoExecute';

const blank = (text: string | undefined): boolean => text === undefined || text === '';

const tolerates = (tolerations: readonly Toleration[], taintKey: string): boolean =>
  tolerations.some((one) => (one.key === taintKey || blank(one.key)) && (one.effect === effect || blank(one.effect)));

export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  handles: (attributes) => (attributes.operation === 'CREATE' || attributes.operation === 'UPDATE') && isOf(attributes, pods),
  async admit(attributes) {
    const pod = attributes.object as Pod | undefined;
    if (pod?.spec === undefined) return;
    const present = pod.spec.tolerations ?? [];
    const missing = taintKeys
      .filter((key) => !tolerates(present, key))
      .map((key): Toleration => ({ key, operator: 'Exists', effect, tolerationSeconds: toleratedSeconds }));
    if (missing.length > 0) pod.spec.tolerations = [...present, ...missing];
  },
};
