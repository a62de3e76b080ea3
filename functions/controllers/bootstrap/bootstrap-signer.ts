/**
 * Signs the ConfigMap cluster-info with each bootstrap token, so that a node with a token can trust its content.
 * Source: pkg/controller/bootstrap/bootstrapsigner.go; cluster-bootstrap, token/jws/jws.go.
 */
import { userNameOf } from '../../kube/controller-role.ts';
import { createHmac } from 'node:crypto';
import { copy } from '../../kube/copy.ts';
import { deepEqual } from '../../kube/equality.ts';
import { configMaps, secrets } from '../../kube/resource-type.ts';
import type { Controller } from '../../workers/controller.ts';
import { settled } from '../../workers/controller.ts';
import { isBootstrapToken, type SigningToken, signingToken, tokenNamespace } from './bootstrap-token.ts';
import { bootstrapSignerWatches, clusterInfo } from './watches.ts';
import { bootstrapSignerRole } from './role.ts';

const contentKey = 'kubeconfig';
const signaturePrefix = 'jws-kubeconfig-';

export const bootstrapSignerController: Controller = {
  name: 'bootstrap-signer',
  actsAs: userNameOf(bootstrapSignerRole),
  component: 'bootstrap-signer',
  watches: bootstrapSignerWatches,
  all: () => [clusterInfo],
  async reconcile(_request, { cache, client, clock }) {
    const info = cache.get(configMaps, clusterInfo);
    const content = info?.data?.[contentKey];
    if (info === undefined || content === undefined) return settled;
    const unsigned = Object.entries(info.data ?? {}).filter(([key]) => !key.startsWith(signaturePrefix));
    const tokens = cache.list(secrets, tokenNamespace).filter(isBootstrapToken);
    const signatures = tokens.flatMap((secret) => {
      const token = signingToken(secret, clock.now());
      return token === undefined ? [] : [[`${signaturePrefix}${token.id}`, detachedSignature(content, token)]];
    });
    const data = Object.fromEntries([...unsigned, ...signatures]);
    if (!deepEqual(data, info.data)) await client.update(configMaps, { ...copy(info), data });
    return settled;
  },
};

/** A JSON web signature whose payload is left out. */
export function detachedSignature(content: string, { id, secret }: SigningToken): string {
  const encoded = (text: string): string => Buffer.from(text).toString('base64url');
  const header = encoded(JSON.stringify({ alg: 'HS256', kid: id }));
  const signature = createHmac('sha256', secret)
    .update(`${header}.${encoded(content)}`)
    .digest('base64url');
  return `${header}..${signature}`;
}
