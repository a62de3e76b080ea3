/** Ports of a node that pods take for themselves. Pure. Source: pkg/scheduler/framework/types.go, HostPortInfo. */
import type { Pod } from './generated/types.ts';

export interface HostPort {
  readonly protocol: string;
  readonly hostIp: string;
  readonly port: number;
}

const wildcard = '0.0.0.0';

export function hostPortsOf(pod: Pod): HostPort[] {
  const containers = [...(pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always'), ...pod.spec.containers];
  return containers.flatMap(({ ports = [] }) =>
    ports
      .filter(({ hostPort = 0 }) => hostPort > 0)
      .map(({ hostPort = 0, hostIP, protocol }) => ({
        protocol: protocol ?? 'TCP',
        hostIp: hostIP === undefined || hostIP === '' ? wildcard : hostIP,
        port: hostPort,
      })),
  );
}

/** Two pods cannot have the same port of a node. */
export const portsClash = (wanted: readonly HostPort[], taken: readonly HostPort[]): boolean =>
  wanted.some((a) =>
    taken.some(
      (b) => a.port === b.port && a.protocol === b.protocol && (a.hostIp === b.hostIp || a.hostIp === wildcard || b.hostIp === wildcard),
    ),
  );

export const noFreePorts = "node(s) didn't have free ports for the requested pod ports";
