/**
 * Fills Secrets of the type service-account-token, and removes those whose ServiceAccount is gone.
 * Source: pkg/controller/serviceaccount/tokens_controller.go.
 */
import { copy } from '../../kube/copy.ts';
import type { Secret, ServiceAccount } from '../../kube/generated/types.ts';
import type { ObjectName } from '../../kube/object.ts';
import { annotationsOf, nameOf, namespaceOf, uidOf } from '../../kube/object.ts';
import { secrets, serviceAccounts } from '../../kube/resource-type.ts';
import type { Controller, ReconcileContext } from '../../workers/controller.ts';
import { settled } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { remove } from '../shared/removal.ts';
import { accountNameOf, isTokenSecret, nameAnnotation, tokenWatches } from './watches.ts';

/** Signs the token that a Secret keeps for its ServiceAccount. */
export type SecretToken = (claims: {
  readonly namespace: string;
  readonly serviceAccount: { readonly name: string; readonly uid: string };
  readonly secretName: string;
}) => Promise<string>;

const uidAnnotation = 'kubernetes.io/service-account.uid';

export function createTokenController(certificateAuthorityPem: string, secretToken: SecretToken): Controller {
  return {
    name: 'token',
    actsAs: 'system:kube-controller-manager',
    component: 'tokens-controller',
    watches: tokenWatches,
    all: (cache) => namesOf(cache.list(secrets).filter(isTokenSecret)),
    async reconcile(request, context) {
      const secret = context.cache.get(secrets, request);
      if (secret === undefined) await forget(request, context);
      else if (isTokenSecret(secret)) {
        const account = accountOf(secret, context);
        if (account === undefined) await remove(secrets, secret, context);
        else await fill(secret, account, { context, certificateAuthorityPem, secretToken });
      }
      return settled;
    },
  };
}

/** With the uid that the Secret names, if it names one. */
function accountOf(secret: Secret, { cache }: ReconcileContext): ServiceAccount | undefined {
  const account = cache.get(serviceAccounts, { namespace: namespaceOf(secret), name: accountNameOf(secret) });
  const uid = annotationsOf(secret)[uidAnnotation] ?? '';
  return account !== undefined && (uid === '' || uid === uidOf(account)) ? account : undefined;
}

interface Filling {
  readonly context: ReconcileContext;
  readonly certificateAuthorityPem: string;
  readonly secretToken: SecretToken;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

async function fill(secret: Secret, account: ServiceAccount, { context, certificateAuthorityPem, secretToken }: Filling): Promise<void> {
  const { 'ca.crt': authority, namespace: place = '', token = '' } = secret.data ?? {};
  const wantedAuthority = certificateAuthorityPem === '' ? authority : base64(certificateAuthorityPem);
  if (authority === wantedAuthority && place !== '' && token !== '') return;
  const namespace = namespaceOf(secret);
  const serviceAccount = { name: nameOf(account), uid: uidOf(account) };
  const next = copy(secret);
  next.data = {
    ...next.data,
    ...(wantedAuthority !== undefined && { 'ca.crt': wantedAuthority }),
    namespace: place === '' ? base64(namespace) : place,
    token: token === '' ? base64(await secretToken({ namespace, serviceAccount, secretName: nameOf(secret) })) : token,
  };
  next.metadata.annotations = {
    ...annotationsOf(next),
    [nameAnnotation]: serviceAccount.name,
    [uidAnnotation]: serviceAccount.uid,
  };
  await context.client.update(secrets, next);
}

/** ServiceAccounts do not refer to a Secret that is gone. */
async function forget({ namespace, name }: ObjectName, { cache, client }: ReconcileContext): Promise<void> {
  for (const account of cache.list(serviceAccounts, namespace)) {
    const left = (account.secrets ?? []).filter((reference) => reference.name !== name);
    if (left.length !== (account.secrets ?? []).length) await client.update(serviceAccounts, { ...copy(account), secrets: left });
  }
}
