/** What probes last found, by container. Source: pkg/kubelet/prober/results/results_manager.go */
import type { ProbeFinding, ProbeFindings } from '../pods/observed-pod.ts';

export type ProbeType = 'startup' | 'liveness' | 'readiness';
export type ProbeResult = 'success' | 'failure' | 'unknown';

export interface ProbeResults {
  set(containerId: string, type: ProbeType, result: ProbeResult): void;
  /** Sets it, and does not report the change. */
  settle(containerId: string, type: ProbeType, result: ProbeResult): void;
  remove(containerId: string, type: ProbeType): void;
  findings(): ProbeFindings;
}

type Results = Partial<Record<ProbeType, ProbeResult>>;

function findingOf({ startup, liveness, readiness }: Results): ProbeFinding {
  const failed = liveness === 'failure' ? 'liveness' : startup === 'failure' ? 'startup' : undefined;
  return {
    ...(startup === 'success' ? { started: true } : {}),
    ...(readiness === undefined ? {} : { ready: readiness === 'success' }),
    ...(failed === undefined ? {} : { failed }),
  };
}

/** `onChange` follows every result that is not the one before. */
export function createProbeResults(onChange: () => void): ProbeResults {
  const found = new Map<string, Results>();
  const settle = (containerId: string, type: ProbeType, result: ProbeResult): void =>
    void found.set(containerId, { ...found.get(containerId), [type]: result });
  return {
    settle,
    set(containerId, type, result) {
      if (found.get(containerId)?.[type] === result) return;
      settle(containerId, type, result);
      onChange();
    },
    remove(containerId, type) {
      const { [type]: _removed, ...others } = found.get(containerId) ?? {};
      if (Object.keys(others).length === 0) found.delete(containerId);
      else found.set(containerId, others);
    },
    findings: () => Object.fromEntries([...found].map(([id, results]) => [id, findingOf(results)])),
  };
}
