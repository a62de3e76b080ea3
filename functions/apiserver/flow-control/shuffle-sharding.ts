/**
 * Deals each flow a hand of queues, so that two flows seldom share all of theirs: a flood fills its own hand, and others
 * find an emptier queue in theirs. Source: apiserver, pkg/util/shufflesharding/shufflesharding.go.
 */
import { createHash } from 'node:crypto';

/** The same for the same flow. `queues` may be large: only what is dealt is remembered. */
export function handOf(flow: readonly string[], queues: number, handSize: number): readonly number[] {
  let rest = createHash('sha256').update(flow.join('\0')).digest().readBigUInt64LE();
  const swapped = new Map<number, number>();
  const at = (index: number): number => swapped.get(index) ?? index;
  const hand: number[] = [];
  for (let left = queues; left > 0 && hand.length < handSize; left -= 1) {
    const index = Number(rest % BigInt(left));
    rest /= BigInt(left);
    hand.push(at(index));
    swapped.set(index, at(left - 1));
  }
  return hand;
}
