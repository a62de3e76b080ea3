/**
 * Every pod runs as a ServiceAccount of its namespace, and borrows its image pull secrets. No token is mounted yet.
 * Source: plugin/pkg/admission/serviceaccount/admission.go.
 */
import type { Pod, ServiceAccount } from '../../kube/generated/types.ts';
import { groupResource, pods, serviceAccounts } from '../../kube/resource-type.ts';
import type { Store } from '../../store/store.ts';
import type { Clock } from '../../world.ts';
import type { AdmissionPlugin } from '../ports.ts';
import { isOf, refuse } from './refuse.ts';

export interface ServiceAccountOptions {
  readonly store: Pick<Store, 'view' | 'fresh'>;
  readonly clock: Pick<Clock, 'sleep'>;
}

const defaultName = 'default';
const mirrorAnnotation = 'kubernetes.io/config.mirror';
/** A namespace that was made a moment ago gets its default account soon. */
const attemptsMax = 10;
const attemptMs = 150;

export function serviceAccount({ store, clock }: ServiceAccountOptions): AdmissionPlugin {
  async function find(namespace: string, name: string): Promise<ServiceAccount | undefined> {
    const key = { resource: groupResource(serviceAccounts), namespace, name };
    const known = store.view().get(key)?.object;
    if (known !== undefined) return known;
    const attempts = name === defaultName ? attemptsMax : 1;
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      const found = (await store.fresh()).get(key)?.object;
      if (found !== undefined) return found;
      if (attempt < attempts) await clock.sleep(attemptMs);
    }
    return undefined;
  }

  return {
    name: 'ServiceAccount',
    handles: (attributes) => attributes.operation === 'CREATE' && isOf(attributes, pods),
    async admit(attributes) {
      const pod = attributes.object as Pod | undefined;
      if (pod?.spec === undefined) return;
      if (pod.metadata.annotations?.[mirrorAnnotation] !== undefined) return;
      const name = pod.spec.serviceAccountName || defaultName;
      pod.spec.serviceAccountName = name;
      // The old name of the field goes along with the new one.
      pod.spec.serviceAccount = name;
      const account = await find(attributes.namespace, name);
      if (account === undefined) {
        throw refuse(attributes, `error looking up service account ${attributes.namespace}/${name}: serviceaccount "${name}" not found`);
      }
      const { imagePullSecrets = [] } = pod.spec;
      if (imagePullSecrets.length === 0 && account.imagePullSecrets !== undefined && account.imagePullSecrets.length > 0) {
        pod.spec.imagePullSecrets = account.imagePullSecrets.map((secret) => ({ ...secret }));
      }
    },
  };
}
