/** A kind of plug-in, before a cluster runs it. */
import type { JsonObject } from '../../kube/object.ts';
import type { Store } from '../../store/store.ts';
import type { World } from '../../world.ts';
import type { AdmissionPlugin, Authorizer } from '../ports.ts';
import type { PolicyOptions } from './policies/policy-options.ts';
import type { WebhookOptions } from './webhooks/relevant-hooks.ts';

export interface AdmissionOptions extends Pick<World, 'clock' | 'random'> {
  readonly store: Pick<Store, 'view' | 'fresh'>;
  /** Without one, what plug-ins ask an authorizer for is refused. */
  readonly authorizer?: Authorizer;
  /** How webhooks are called; left out: they are not called. */
  readonly webhooks?: WebhookOptions;
  /** The names of all plug-ins that run. */
  readonly names?: ReadonlySet<string>;
}

export interface PluginKind {
  /** The plug-in's name, which is upstream's. */
  readonly name: string;
  /** The plug-in runs unless it is disabled. */
  readonly isDefault: boolean;
  /** `configuration` is its part of an AdmissionConfiguration. Throws an Error that names its fault. */
  create(options: AdmissionOptions, configuration: JsonObject | undefined): AdmissionPlugin;
}

/** The kind of a plug-in that needs no options. */
export const constant = (plugin: AdmissionPlugin, isDefault: boolean): PluginKind => ({
  name: plugin.name,
  isDefault,
  create: () => plugin,
});

/** A plug-in of webhooks, which does nothing where none can be asked. */
export const ofWebhooks = (name: string, create: (options: WebhookOptions) => AdmissionPlugin): PluginKind => ({
  name,
  isDefault: true,
  create: ({ webhooks }) => (webhooks === undefined ? { name, handles: () => false } : create(webhooks)),
});

/** A plug-in of policies, which does nothing where no registry is given. */
export const ofPolicies = (name: string, create: (options: PolicyOptions) => AdmissionPlugin): PluginKind => ({
  name,
  isDefault: true,
  create: ({ store, webhooks, authorizer }) =>
    webhooks === undefined ? { name, handles: () => false } : create({ store, registry: webhooks.registry, authorizer }),
});
