/**
 * What a pod asks for as a whole: its containers together, or its init containers where one of them asks for more.
 * Source: plugin/pkg/admission/limitranger/admission.go, podRequests.
 */
import type { Container, Pod } from '../../../kube/generated/types.ts';
import { isPodLevelResource } from '../../../kube/pod-qos.ts';
import { formatQuantity, parseQuantity } from '../../../kube/quantity.ts';

export interface PodAmounts {
  readonly requests: Record<string, string>;
  readonly limits: Record<string, string>;
}

export const podAmounts = (pod: Pod): PodAmounts => ({ requests: total(pod, 'requests'), limits: total(pod, 'limits') });

type List = keyof PodAmounts;
type Sums = Map<string, bigint>;

const binary = ['memory', 'ephemeral-storage'];
function add(sums: Sums, { resources }: Pick<Container, 'resources'>, list: List): void {
  for (const [name, quantity] of Object.entries(resources?.[list] ?? {})) sums.set(name, (sums.get(name) ?? 0n) + parseQuantity(quantity));
}

function raise(sums: Sums, others: Sums): void {
  for (const [name, amount] of others) if (amount > (sums.get(name) ?? -1n)) sums.set(name, amount);
}

function total({ spec }: Pod, list: List): Record<string, string> {
  const sums: Sums = new Map();
  for (const container of spec.containers) add(sums, container, list);
  const sidecars: Sums = new Map();
  const highest: Sums = new Map();
  for (const container of spec.initContainers ?? []) {
    const isSidecar = container.restartPolicy === 'Always';
    if (isSidecar) {
      add(sums, container, list);
      add(sidecars, container, list);
    }
    const now = new Map(sidecars);
    if (!isSidecar) add(now, container, list);
    raise(highest, now);
  }
  raise(sums, highest);
  const quantities = Object.fromEntries([...sums].map(([name, amount]) => [name, textOf(name, amount)]));
  const own = Object.entries(spec.resources?.[list] ?? {}).filter(([name]) => isPodLevelResource(name));
  return { ...quantities, ...Object.fromEntries(own) };
}

const textOf = (name: string, nano: bigint): string =>
  formatQuantity(nano, binary.includes(name) || name.startsWith('hugepages-') ? 'BinarySI' : 'DecimalSI');
