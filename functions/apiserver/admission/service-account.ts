/**
 * Every pod runs as a ServiceAccount of its namespace, and borrows its image pull secrets. It finds a token for the API,
 * the API's authority and its namespace in `/var/run/secrets/kubernetes.io/serviceaccount`.
 * Source: plugin/pkg/admission/serviceaccount/admission.go.
 */
import type { Pod, PodSpec, ServiceAccount, Volume } from '../../kube/generated/types.ts';
import { generatedName, pathSegmentErrors } from '../../kube/names.ts';
import { groupResource, pods, serviceAccounts } from '../../kube/resource-type.ts';
import type { Store } from '../../store/store.ts';
import type { Clock, Random } from '../../world.ts';
import type { AdmissionPlugin } from '../ports.ts';
import type { PluginKind } from './plugin-kind.ts';
import { isOf, refuse } from './refuse.ts';

interface ServiceAccountOptions {
  readonly store: Pick<Store, 'view' | 'fresh'>;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly random: Random;
}

const defaultName = 'default';
const mirrorAnnotation = 'kubernetes.io/config.mirror';
/** A namespace that was made a moment ago gets its default account soon. */
const attemptsMax = 10;
const attemptMs = 150;

const volumePrefix = 'kube-api-access-';
const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
/** An hour, and a little, by which these tokens differ from those that a client asked for. */
const tokenSeconds = 3607;
const fileMode = 0o644;

const automounts = (spec: PodSpec, account: ServiceAccount): boolean =>
  spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;

const tokenVolume = (name: string): Volume => ({
  name,
  projected: {
    sources: [
      { serviceAccountToken: { expirationSeconds: tokenSeconds, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
    ],
    defaultMode: fileMode,
  },
});

/** Containers that mount something else there keep it; a volume of this name that is there already is used. */
function mountToken(spec: PodSpec, random: Random): void {
  const existing = (spec.volumes ?? []).find(({ name }) => name.startsWith(volumePrefix));
  const name = existing?.name ?? generatedName(volumePrefix, random);
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  const without = containers.filter(({ volumeMounts = [] }) => !volumeMounts.some((mount) => mount.mountPath === mountPath));
  for (const container of without) container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath }];
  if (without.length > 0 && existing === undefined) spec.volumes = [...(spec.volumes ?? []), tokenVolume(name)];
}

export const serviceAccount: PluginKind = { name: 'ServiceAccount', isDefault: true, create: serviceAccountOf };

function serviceAccountOf(options: ServiceAccountOptions): AdmissionPlugin {
  const { store, clock } = options;

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
      const [problem] = pathSegmentErrors(name);
      const looked = `error looking up service account ${attributes.namespace}/${name}`;
      if (problem !== undefined) throw refuse(attributes, `${looked}: invalid resource name ${JSON.stringify(name)}: [${problem}]`);
      const account = await find(attributes.namespace, name);
      if (account === undefined) {
        throw refuse(attributes, `${looked}: serviceaccount "${name}" not found`);
      }
      const { imagePullSecrets = [] } = pod.spec;
      if (automounts(pod.spec, account)) mountToken(pod.spec, options.random);
      if (imagePullSecrets.length === 0 && account.imagePullSecrets !== undefined && account.imagePullSecrets.length > 0) {
        pod.spec.imagePullSecrets = account.imagePullSecrets.map((secret) => ({ ...secret }));
      }
    },
  };
}
