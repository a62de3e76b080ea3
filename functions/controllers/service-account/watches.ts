/** What wakes the controller of default ServiceAccounts. */
import type { ServiceAccount } from '../../kube/generated/types.ts';
import { namespaces, serviceAccounts } from '../../kube/resource-type.ts';
import { watch, type Watch } from '../../workers/controller.ts';
import { watchItself } from '../shared/pod-requests.ts';

export const name = 'default';

export const serviceAccountWatches: readonly Watch[] = [
  watchItself(namespaces),
  watch<ServiceAccount>(serviceAccounts, ({ type, key }) =>
    type === 'deleted' && key.name === name ? [{ namespace: '', name: key.namespace }] : [],
  ),
];
