/** How often probes passed and failed: `/metrics/probes`. Source: pkg/kubelet/prober/worker.go, prober_manager.go (ProberResults) */
import type { Container, Pod } from '../../functions/kube/generated/types.ts';
import { nameOf, namespaceOf, uidOf } from '../../functions/kube/object.ts';
import type { MetricFamily } from '../usage/exposition.ts';
import type { ProbeType } from './probe-results.ts';

export interface ProbeCounts {
  count(pod: Pod, container: Container, type: ProbeType, isSuccess: boolean): void;
  /** The counts of these pods; those of other pods are dropped. */
  families(pods: readonly Pod[]): readonly MetricFamily[];
}

interface Count {
  readonly podUid: string;
  readonly labels: Readonly<Record<string, string>>;
  value: number;
}

const titles: Readonly<Record<ProbeType, string>> = { liveness: 'Liveness', readiness: 'Readiness', startup: 'Startup' };

export function createProbeCounts(): ProbeCounts {
  const counts = new Map<string, Count>();
  return {
    count(pod, container, type, isSuccess) {
      const result = isSuccess ? 'successful' : 'failed';
      const key = [uidOf(pod), container.name, type, result].join('/');
      const labels = {
        container: container.name,
        namespace: namespaceOf(pod),
        pod: nameOf(pod),
        pod_uid: uidOf(pod),
        probe_type: titles[type],
        result,
      };
      const count = counts.get(key) ?? { podUid: uidOf(pod), labels, value: 0 };
      count.value += 1;
      counts.set(key, count);
    },
    families(pods) {
      const known = new Set(pods.map(uidOf));
      for (const [key, { podUid }] of counts) if (!known.has(podUid)) counts.delete(key);
      const help = 'Cumulative number of a liveness, readiness or startup probe for a container by result.';
      return [{ name: 'prober_probe_total', help, type: 'counter', samples: [...counts.values()] }];
    },
  };
}
