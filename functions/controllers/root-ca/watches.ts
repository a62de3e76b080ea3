/** What wakes the publisher of the authority's certificate. */
import type { ConfigMap } from '../../kube/generated/types.ts';
import { configMaps, namespaces } from '../../kube/resource-type.ts';
import { watch, type Watch } from '../../workers/controller.ts';
import { watchItself } from '../shared/pod-requests.ts';

export const name = 'kube-root-ca.crt';

export const rootCaWatches: readonly Watch[] = [
  watchItself(namespaces),
  watch<ConfigMap>(configMaps, ({ key }) => (key.name === name ? [{ namespace: '', name: key.namespace }] : [])),
];
