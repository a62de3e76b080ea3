/** The plugins in upstream's order. Source: pkg/kubeapiserver/options/plugins.go. */
import type { Store } from '../../store/store.ts';
import type { World } from '../../world.ts';
import type { AdmissionPlugin } from '../ports.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { nodeRestriction } from './node-restriction.ts';
import { serviceAccount } from './service-account.ts';

export interface AdmissionOptions extends Pick<World, 'clock' | 'random'> {
  readonly store: Pick<Store, 'view' | 'fresh'>;
}

export const admissionPlugins = (options: AdmissionOptions): readonly AdmissionPlugin[] => [
  namespaceLifecycle,
  serviceAccount(options),
  nodeRestriction(() => options.store.view()),
  defaultTolerationSeconds,
];
