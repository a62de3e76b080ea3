/** What wakes the evictions from tainted nodes. */
import type { Pod } from '../../kube/generated/types.ts';
import { nodes, pods } from '../../kube/resource-type.ts';
import { watch, type Watch } from '../../workers/controller.ts';
import { watchItself } from '../shared/pod-requests.ts';
import { noExecuteTaints } from '../shared/taints.ts';

export const taintEvictionWatches: readonly Watch[] = [
  watchItself(nodes),
  watch<Pod>(pods, ({ object }, cache) => {
    const name = object.spec?.nodeName ?? '';
    const node = name === '' ? undefined : cache.get(nodes, { namespace: '', name });
    return node === undefined || noExecuteTaints(node).length === 0 ? [] : [{ namespace: '', name }];
  }),
];
