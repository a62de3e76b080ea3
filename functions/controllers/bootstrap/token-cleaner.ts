/** Deletes bootstrap tokens once their time is over. Source: pkg/controller/bootstrap/tokencleaner.go. */
import { userNameOf } from '../../kube/controller-role.ts';
import { secrets } from '../../kube/resource-type.ts';
import type { Controller } from '../../workers/controller.ts';
import { again, settled } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { remove } from '../shared/removal.ts';
import { expiryMs, isBootstrapToken, tokenNamespace } from './bootstrap-token.ts';
import { tokenCleanerWatches } from './watches.ts';
import { tokenCleanerRole } from './role.ts';

export const tokenCleanerController: Controller = {
  name: 'token-cleaner',
  actsAs: userNameOf(tokenCleanerRole),
  component: 'token-cleaner',
  watches: tokenCleanerWatches,
  all: (cache) => namesOf(cache.list(secrets, tokenNamespace).filter(isBootstrapToken)),
  async reconcile(request, context) {
    const secret = context.cache.get(secrets, request);
    const atMs = secret === undefined || !isBootstrapToken(secret) ? undefined : expiryMs(secret);
    if (secret === undefined || atMs === undefined) return settled;
    const leftMs = atMs - context.clock.now();
    if (leftMs > 0) return again(leftMs / 1000);
    await remove(secrets, secret, context);
    return settled;
  },
};
