/**
 * The annotations by which a pod asks for a bandwidth. A runtime that cannot read them makes the sandbox's network namespace,
 * fails, and can then not remove it: each try would leave one behind. So they are judged before it is asked.
 * Source: pkg/util/bandwidth/utils.go
 */
import type { Pod } from '../../functions/kube/generated/types.ts';
import { annotationsOf } from '../../functions/kube/object.ts';
import { parseQuantity } from '../../functions/kube/quantity.ts';

const annotations = ['kubernetes.io/ingress-bandwidth', 'kubernetes.io/egress-bandwidth'];
const least = parseQuantity('1k');
const most = parseQuantity('1P');
/** What is longer is no quantity of bandwidth, however it is read. */
const lengthMax = 64;

/** Undefined: the pod asks for none, or for one that can be given. */
export function bandwidthProblem(pod: Pod): string | undefined {
  for (const name of annotations) {
    const text = annotationsOf(pod)[name];
    const problem = text === undefined ? undefined : problemOf(text);
    if (problem !== undefined) return `failed to setup network for sandbox: reading pod bandwidth annotations: ${problem}`;
  }
  return undefined;
}

function problemOf(text: string): string | undefined {
  const quantity = quantityOf(text);
  if (quantity === undefined) return 'the value is no quantity';
  if (quantity < least) return 'resource is unreasonably small (< 1kbit)';
  return quantity > most ? 'resource is unreasonably large (> 1Pbit)' : undefined;
}

function quantityOf(text: string): bigint | undefined {
  if (text.length > lengthMax || text !== text.trim()) return undefined;
  try {
    return parseQuantity(text);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return undefined;
  }
}
