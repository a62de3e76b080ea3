/**
 * Gives each node a part of the pods' addresses. There is no allocator beside the nodes: what they have is taken, and
 * a node that goes gives back what it had.
 */
import { forbiddenField } from '../../../kube/field-error.ts';
import type { Node } from '../../../kube/generated/types.ts';
import { nameOf } from '../../../kube/object.ts';
import type { CommitRule } from '../../definition.ts';
import { addressAt, parseIpv4Range } from '../../../kube/ipv4.ts';

export function podRangeRule(podRange: string, nodePrefix: number): CommitRule<Node> {
  const range = parseIpv4Range(podRange);
  const partSize = 2 ** (32 - nodePrefix);
  const parts = range.size / partSize;
  return {
    lists: ['nodes'],
    apply({ next }, view) {
      if (next.spec?.podCIDR) return {};
      const taken = new Set(view.list('nodes').flatMap(({ object }) => rangesOf(object as Node, nameOf(next))));
      for (let part = 0; part < parts; part += 1) {
        const podCIDR = `${addressAt(range, part * partSize)}/${nodePrefix}`;
        if (taken.has(podCIDR)) continue;
        next.spec = { ...next.spec, podCIDR, podCIDRs: [podCIDR] };
        return {};
      }
      return { errors: [forbiddenField('spec.podCIDR', `no range is left for another node in ${podRange}`)] };
    },
  };
}

const rangesOf = (node: Node, except: string): readonly string[] =>
  nameOf(node) === except || node.spec?.podCIDR === undefined ? [] : [node.spec.podCIDR];
