import type { Store } from '../../../store/store.ts';
import type { Authorizer } from '../../ports.ts';
import type { LiveRegistry } from '../../registry/live-registry.ts';

/** What the plug-ins of policies need of a cluster. */
export interface PolicyOptions {
  readonly store: Pick<Store, 'view'>;
  readonly registry: LiveRegistry;
  readonly authorizer: Authorizer | undefined;
}
