/** What wakes the controller of tokens in Secrets. */
import type { Secret, ServiceAccount } from '../../kube/generated/types.ts';
import type { ObjectName } from '../../kube/object.ts';
import { annotationsOf, namespaceOf } from '../../kube/object.ts';
import { secrets, serviceAccounts } from '../../kube/resource-type.ts';
import { watch, type Index, type Watch } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';

const tokenType = 'kubernetes.io/service-account-token';

export const nameAnnotation = 'kubernetes.io/service-account.name';

export const isTokenSecret = ({ type }: Secret): boolean => type === tokenType;

export const accountNameOf = (secret: Secret): string => annotationsOf(secret)[nameAnnotation] ?? '';

const keyOf = ({ namespace, name }: ObjectName): string => `${namespace}/${name}`;

const secretsByAccount: Index<Secret> = {
  type: secrets,
  values: (secret) => (isTokenSecret(secret) ? [keyOf({ namespace: namespaceOf(secret), name: accountNameOf(secret) })] : []),
};

export const tokenWatches: readonly Watch[] = [
  watch<Secret>(secrets, ({ object }) => (isTokenSecret(object) ? namesOf([object]) : [])),
  watch<ServiceAccount>(serviceAccounts, ({ type, key }, cache) =>
    type === 'modified' ? [] : namesOf(cache.by(secretsByAccount, keyOf(key))),
  ),
];
