/** The columns of `kubectl get services`. Source: pkg/printers/internalversion/printers.go, printService. */
import type { Service } from '../../../kube/generated/types.ts';
import { ageColumn, labelsText, nameColumn, none, textColumn, wide } from '../../columns.ts';
import type { Column } from '../../definition.ts';

const balancerTextMax = 16;

function externalIp({ spec, status }: Service): string {
  const external = spec.externalIPs ?? [];
  if (spec.type === 'ExternalName') return spec.externalName ?? '';
  if (spec.type !== 'LoadBalancer') return external.join(',') || none;
  const given = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '').filter((text) => text !== '');
  const text = [...new Set(given)].toSorted().join(',');
  const shown = text.length > balancerTextMax ? `${text.slice(0, balancerTextMax - 3)}...` : text;
  return [shown, ...external].filter((part) => part !== '').join(',') || '<pending>';
}

function portsText({ spec }: Service): string {
  const texts = (spec.ports ?? []).map(({ port, nodePort, protocol }) =>
    nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`,
  );
  return texts.join(',') || none;
}

export const columns: readonly Column<Service>[] = [
  nameColumn,
  textColumn('Type', 'How the service can be reached.', ({ spec }) => spec.type ?? ''),
  textColumn('Cluster-IP', 'Address inside the cluster.', ({ spec }) => spec.clusterIPs?.[0] || spec.clusterIP || none),
  textColumn('External-IP', 'Addresses outside the cluster.', externalIp),
  textColumn('Port(s)', 'Ports, and the ports of every node that lead to them.', portsText),
  ageColumn,
  wide(textColumn('Selector', 'Labels of the pods behind it.', ({ spec }) => labelsText(spec.selector))),
];
