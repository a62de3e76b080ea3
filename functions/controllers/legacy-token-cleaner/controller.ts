/**
 * Invalidates tokens in Secrets that no client used for a year, and deletes them a year later. Only Secrets count that
 * their ServiceAccount lists and that no pod mounts. The API records on the Secret when its token was last used.
 * Source: pkg/controller/serviceaccount/legacy_serviceaccount_token_cleaner.go; pkg/controlplane/controller/legacytokentracking.
 */
import { userNameOf } from '../../kube/controller-role.ts';
import type { Pod, Secret } from '../../kube/generated/types.ts';
import type { ObjectName } from '../../kube/object.ts';
import { annotationsOf, isTerminating, labelsOf, nameOf, namespaceOf, uidOf } from '../../kube/object.ts';
import { configMaps, namespaces, pods, secrets, serviceAccounts } from '../../kube/resource-type.ts';
import { isAlreadyExists } from '../../kube/status-error.ts';
import { parseTime } from '../../kube/time.ts';
import type { Controller, ReconcileContext } from '../../workers/controller.ts';
import { again } from '../../workers/controller.ts';
import { remove } from '../shared/removal.ts';
import { legacyTokenCleanerRole } from './role.ts';

const dayMs = 24 * 3_600_000;
const unusedMs = 365 * dayMs;
const everySeconds = 24 * 3600;

const lastUsedLabel = 'kubernetes.io/legacy-token-last-used';
const invalidSinceLabel = 'kubernetes.io/legacy-token-invalid-since';
const tracking: ObjectName = { namespace: 'kube-system', name: 'kube-apiserver-legacy-service-account-token-tracking' };

const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
const isDate = (text: string | undefined): text is string => text !== undefined && /^\d{4}-\d\d-\d\d$/.test(text);

/** The names of the Secrets that a pod needs. */
export type PodSecretNames = (pod: Pod) => ReadonlySet<string>;

export function createLegacyTokenCleaner(podSecretNames: PodSecretNames): Controller {
  return {
    name: 'legacy-token-cleaner',
    actsAs: userNameOf(legacyTokenCleanerRole),
    component: 'legacy-service-account-token-cleaner',
    watches: [],
    /** One request stands for all Secrets, once a day. */
    all: () => [tracking],
    async reconcile(_request, context) {
      const nowMs = context.clock.now();
      const since = await trackedSince(context);
      // A token that was used before that bears no trace of it.
      if (since !== undefined && nowMs >= Date.parse(since) + dayMs + unusedMs) {
        const unused = context.cache.list(secrets).filter((secret) => isUnused(secret, podSecretNames, context));
        for (const secret of unused) await retire(secret, context);
      }
      return again(everySeconds);
    },
  };
}

/** undefined: the namespace is not there yet. */
async function trackedSince({ cache, client, clock }: ReconcileContext): Promise<string | undefined> {
  if (cache.get(namespaces, { namespace: '', name: tracking.namespace }) === undefined) return undefined;
  const known = cache.get(configMaps, tracking)?.data?.['since'];
  if (isDate(known)) return known;
  const since = dateOf(clock.now());
  try {
    await client.create(configMaps, { metadata: tracking, data: { since } });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
  return since;
}

/** Made for its ServiceAccount, which refers to it; mounted by no pod. */
function isUnused(secret: Secret, podSecretNames: PodSecretNames, { cache, clock }: ReconcileContext): boolean {
  const nowMs = clock.now();
  if (secret.type !== 'kubernetes.io/service-account-token' || isTerminating(secret)) return false;
  const { creationTimestamp = '' } = secret.metadata;
  const lastUsed = labelsOf(secret)[lastUsedLabel];
  if (parseTime(creationTimestamp) >= nowMs - unusedMs) return false;
  if (lastUsed !== undefined && (!isDate(lastUsed) || lastUsed >= dateOf(nowMs - unusedMs))) return false;
  const namespace = namespaceOf(secret);
  const account = cache.get(serviceAccounts, { namespace, name: annotationsOf(secret)['kubernetes.io/service-account.name'] ?? '' });
  if (account?.secrets?.some(({ name }) => name === nameOf(secret)) !== true) return false;
  // A pod that cannot be read may mount it.
  if (cache.unreadable(pods, namespace).length > 0) return false;
  return !cache.list(pods, namespace).some((pod) => podSecretNames(pod).has(nameOf(secret)));
}

async function retire(secret: Secret, context: ReconcileContext): Promise<void> {
  const nowMs = context.clock.now();
  const invalidSince = labelsOf(secret)[invalidSinceLabel];
  if (!isDate(invalidSince)) {
    const labels = { [invalidSinceLabel]: dateOf(nowMs) };
    const at = { namespace: namespaceOf(secret), name: nameOf(secret) };
    await context.client.patch(secrets, at, { metadata: { uid: uidOf(secret), labels } });
  } else if (invalidSince < dateOf(nowMs - unusedMs)) {
    await remove(secrets, secret, context, { preconditions: { resourceVersion: secret.metadata.resourceVersion } });
  }
}
