/** The store of one cluster and the kinds that it serves: each needs the other, and every host of a cluster needs both. */
import type { ArchiveChoice } from './archive/open-archive.ts';
import type { Past } from './archive/past.ts';
import { createLiveRegistry, type KindSource, type LiveRegistry } from './apiserver/registry/live-registry.ts';
import type { ClusterNetworks } from './kube/cluster-networks.ts';
import type { StoreView } from './kube/view.ts';
import { createDefinitions } from './resources/all.ts';
import { customKinds, declaringResource } from './resources/custom/custom-kinds.ts';
import type { AnyDefinition } from './resources/definition.ts';
import { selectableFields } from './selectable-fields.ts';
import { createStore, type StoreOptions } from './store/create-store.ts';
import type { Formats } from './store/format.ts';
import type { Store } from './store/store.ts';
import type { Decoder } from './store/stored-object.ts';
import type { Table } from './store/table.ts';
import type { World } from './world.ts';

export interface ClusterStoreOptions {
  readonly table: Table;
  readonly world: World;
  readonly networks?: ClusterNetworks;
  /** What declares kinds besides the built-in ones. CustomResourceDefinitions when left out. */
  readonly sources?: readonly KindSource[];
  /** Clusters of a process may share one. */
  readonly decoder?: Decoder;
  /** With keys, Secrets are sealed; `currentFormats` when left out. */
  readonly formats?: Formats;
  /** Where the past is kept, and how long. There is none beyond the store's own when left out. */
  readonly archive?: ArchiveChoice;
  /** Called when an object, or an entry of the log, turns out to be damaged. */
  readonly foundDamage?: StoreOptions['foundDamage'];
}

export interface ClusterStore {
  readonly store: Store;
  /** The built-in kinds. */
  readonly definitions: readonly AnyDefinition[];
  readonly registry: LiveRegistry;
  readonly past?: ClusterPast;
}

/** What the API serves the past with. */
export interface ClusterPast {
  readonly past: Past;
  /** A registry that keeps nothing of the present. */
  registryOf(): LiveRegistry;
}

export async function openClusterStore({
  table,
  world,
  networks,
  sources = [customKindSource],
  decoder,
  formats,
  archive,
  foundDamage,
}: ClusterStoreOptions): Promise<ClusterStore> {
  const definitions = createDefinitions(networks);
  const registry = createLiveRegistry({ definitions, sources });
  // While the store opens it has no view yet: what it reads then has the fields of built-in kinds.
  let view = (): StoreView => emptyView;
  // Most clusters keep no past: what keeps it is loaded for those that do.
  const past = archive && (await import('./archive/open-archive.ts')).openArchive({ table, world, formats, ...archive });
  const store = await createStore({
    table,
    world,
    selectableFields: selectableFields(() => registry(view())),
    ...(past === undefined ? {} : { archive: past.archive }),
    ...(decoder === undefined ? {} : { decoder }),
    ...(formats === undefined ? {} : { formats }),
    ...(foundDamage === undefined ? {} : { foundDamage }),
  });
  view = () => store.view();
  return {
    store,
    definitions,
    registry,
    ...(past === undefined ? {} : { past: { past: past.past, registryOf: () => createLiveRegistry({ definitions, sources }) } }),
  };
}

/** CustomResourceDefinitions. */
export const customKindSource: KindSource = { resource: declaringResource, kinds: customKinds };

const nothing = {};
const emptyView: StoreView = { revision: 0, get: () => undefined, list: () => [], identity: () => nothing, since: () => [] };
