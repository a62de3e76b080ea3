/** What wakes the signer of cluster-info, and the cleaner of tokens. */
import type { ConfigMap, Secret } from '../../kube/generated/types.ts';
import type { ObjectName } from '../../kube/object.ts';
import { configMaps, secrets } from '../../kube/resource-type.ts';
import { type Watch, watch } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { isBootstrapToken } from './bootstrap-token.ts';

export const clusterInfo: ObjectName = { namespace: 'kube-public', name: 'cluster-info' };

export const bootstrapSignerWatches: readonly Watch[] = [
  watch<ConfigMap>(configMaps, ({ key }) =>
    key.namespace === clusterInfo.namespace && key.name === clusterInfo.name ? [clusterInfo] : [],
  ),
  watch<Secret>(secrets, ({ object }) => (isBootstrapToken(object) ? [clusterInfo] : [])),
];

export const tokenCleanerWatches: readonly Watch[] = [
  watch<Secret>(secrets, ({ type, object }) => (type !== 'deleted' && isBootstrapToken(object) ? namesOf([object]) : [])),
];
