/**
 * A cluster in this process's memory, made of another one's objects, whose controllers and scheduler run in virtual time.
 * It calls no server: webhooks and APIServices of others are left out, and its nodes are played.
 */
import { createApi, type Api } from '../../functions/api.ts';
import { admissionPlugins } from '../../functions/apiserver/admission/admission-plugins.ts';
import type { AdmissionSettings } from '../../functions/apiserver/admission/configuration.ts';
import { newSigningKeyPem, signingKeyOf } from '../../functions/apiserver/auth/keys.ts';
import { createTokens } from '../../functions/apiserver/auth/tokens.ts';
import { openClusterStore } from '../../functions/cluster-store.ts';
import type { LiveRegistry } from '../../functions/apiserver/registry/live-registry.ts';
import { createCache } from '../../functions/workers/cache.ts';
import { objectPath } from '../../functions/client/http-client.ts';
import { apiVersionOf, groupResource } from '../../functions/kube/resource-type.ts';
import type { Status } from '../../functions/kube/generated/types.ts';
import { StatusError } from '../../functions/kube/status-error.ts';
import type { SchedulerConfiguration } from '../../functions/scheduler/configuration/configuration.ts';
import type { ClusterNetworks } from '../../functions/kube/cluster-networks.ts';
import type { KubeObject } from '../../functions/kube/object.ts';
import { currentFormats } from '../../functions/store/format.ts';
import { type LoadedObject, loadObjects } from '../../functions/store/load-objects.ts';
import { memoryTable } from '../../functions/store/memory/memory-table.ts';
import type { Change, Store } from '../../functions/store/store.ts';
import { startWorkers } from '../../functions/start-workers.ts';
import { virtualClock, whileTimePasses, type VirtualClock } from '../../functions/virtual-clock.ts';
import type { Log, Random, World } from '../../functions/world.ts';
import type { ComponentName } from '../../functions/worker-groups.ts';
import { RehearsedNodes } from './rehearsed-nodes.ts';
import { mayNameServer, withoutCalls } from './without-calls.ts';

export interface RehearsalOptions {
  readonly objects: readonly LoadedObject[];
  /** The cluster's revision when they were read. */
  readonly revision: number;
  readonly networks: ClusterNetworks;
  /** As upstream places pods by default when left out. */
  readonly scheduler?: SchedulerConfiguration | undefined;
  /** Which admission plug-ins run, and how; the usual ones when left out. */
  readonly admission?: AdmissionSettings | undefined;
  /** Components that the cluster runs elsewhere: they take no part. */
  readonly absent?: readonly ComponentName[] | undefined;
  /** When it begins. */
  readonly startMs: number;
  readonly random: Random;
  readonly log: Log;
}

/** How a rehearsed cluster came to rest, or did not. */
export interface Rest {
  readonly isAtRest: boolean;
  /** Virtual time until the last change. */
  readonly afterMs: number;
}

export interface Applied {
  readonly object: KubeObject;
  /** `left out`: it would make the API call a server. */
  readonly outcome: 'created' | 'configured' | 'unchanged' | 'left out';
}

export interface PlacedObject {
  /** GroupResource. */
  readonly resource: string;
  readonly object: KubeObject;
}

export interface Rehearsal {
  /** All changes of pods and Events since it began, in order. */
  readonly changes: readonly Change[];
  /** All but what is restless. */
  objects(): readonly PlacedObject[];
  /** Server-side apply; `namespace` is for objects that name none. Throws StatusError for what the API refuses. */
  apply(object: KubeObject, namespace: string): Promise<Applied>;
  /** Lets time pass until nothing has changed for a while, at most so long. */
  untilRest(withinMs: number): Promise<Rest>;
  close(): Promise<void>;
}

const stepMs = 1_000;
/** Nothing more happens by itself after so long, but for deadlines. */
const quietMs = 60_000;

/** The name by which kubectl applies. Fields that its client-side applies own are given over to it: see `adopted`. */
const applyManager = 'kubectl';

/** The objects of a copy that calls no server, and how many are missing in it. */
export function copiedObjects(objects: readonly LoadedObject[]): { readonly kept: readonly LoadedObject[]; readonly leftOut: number } {
  const kept = objects.flatMap((loaded) => {
    const { resource } = loaded.key;
    if (!mayNameServer(resource)) return [loaded];
    const object = withoutCalls(resource, JSON.parse(loaded.json) as KubeObject);
    return object === undefined ? [] : [{ ...loaded, json: JSON.stringify(object) }];
  });
  return { kept, leftOut: objects.length - kept.length };
}

/** Heartbeats, Events, and what workers note for themselves. */
export const isRestless = (resource: string): boolean =>
  resource === 'leases.coordination.k8s.io' || resource === 'events' || resource.endsWith('.hibernetes.dev');

const admin = { name: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] };

/** The certificates that the cluster's pods trust: with others, the controller would write all of their ConfigMaps anew. */
function authorityOf(objects: readonly LoadedObject[]): string {
  const found = objects.find(({ key }) => key.resource === 'configmaps' && key.name === 'kube-root-ca.crt');
  const { data = {} }: { data?: Readonly<Record<string, string>> } = found === undefined ? {} : JSON.parse(found.json);
  return data['ca.crt'] ?? '';
}

async function* each(objects: readonly LoadedObject[]): AsyncGenerator<LoadedObject> {
  yield* objects;
}

export async function startRehearsal(options: RehearsalOptions): Promise<Rehearsal> {
  const { objects, revision, networks, scheduler, admission, absent, startMs, random, log } = options;
  const clock = virtualClock(startMs);
  const world: World = { clock, random, log };
  const table = memoryTable({ clock });
  const { kept } = copiedObjects(objects);
  await loadObjects({ table, formats: currentFormats, clock, random }, { revision, hasKeys: true }, each(kept));
  const { store, registry } = await openClusterStore({ table, world, networks });
  const tokens = createTokens({ keys: [signingKeyOf(await newSigningKeyPem())], clock, random });
  const api = createApi({
    store,
    registry,
    tokens,
    world,
    networks,
    hasControllers: true,
    checksApiServices: false,
    ...(admission === undefined ? {} : { admission: (chosen) => admissionPlugins(chosen, admission) }),
  });
  const stopWorkers = await startWorkers({
    store,
    cache: createCache(store),
    api,
    registry,
    certificateAuthorityPem: authorityOf(kept),
    codeVersion: 'rehearsal',
    listeningSinceMs: startMs,
    schedulerConfiguration: scheduler,
    absent,
    world,
  });
  return new RunningRehearsal({ store, registry, api, clock, stopWorkers });
}

interface Parts {
  readonly store: Store;
  readonly registry: LiveRegistry;
  readonly api: Api;
  readonly clock: VirtualClock;
  stopWorkers(): Promise<void>;
}

class RunningRehearsal implements Rehearsal {
  readonly changes: Change[] = [];
  readonly #parts: Parts;
  readonly #nodes: RehearsedNodes;
  readonly #stopListening: () => void;
  #changedMs: number;

  constructor(parts: Parts) {
    const { store, api, clock } = parts;
    this.#parts = parts;
    this.#changedMs = clock.now();
    this.#nodes = new RehearsedNodes({ client: api.clientFor(admin), view: () => store.view(), nowMs: () => clock.now() });
    this.#stopListening = store.onApplied((_revision, changes) => {
      this.changes.push(...changes.filter(({ key }) => key.resource === 'pods' || key.resource === 'events'));
      if (changes.some(({ key }) => !isRestless(key.resource))) this.#changedMs = clock.now();
    });
  }

  objects(): readonly PlacedObject[] {
    const { store, registry } = this.#parts;
    const view = store.view();
    const resources = registry(view).definitions.map(({ type }) => groupResource(type));
    return resources
      .filter((resource) => !isRestless(resource))
      .flatMap((resource) => view.list(resource).map(({ object }) => ({ resource, object })));
  }

  apply(object: KubeObject, namespace: string): Promise<Applied> {
    return whileTimePasses(this.#parts.clock, this.#apply(object, namespace));
  }

  async #apply(object: KubeObject, namespaceUsual: string): Promise<Applied> {
    const { store, registry, api } = this.#parts;
    const kinds = registry(store.view()).kinds.map(({ served }) => served.type);
    const type = kinds.find((one) => apiVersionOf(one) === object.apiVersion && one.kind === object.kind);
    if (type === undefined) {
      const text = `no matches for kind "${object.kind ?? ''}" in version "${object.apiVersion ?? ''}"`;
      throw new StatusError(404, 'NotFound', text);
    }
    const namespace = type.namespaced ? (object.metadata.namespace ?? namespaceUsual) : '';
    const name = object.metadata.name ?? '';
    const harmless = withoutCalls(groupResource(type), object);
    if (harmless === undefined) return { object, outcome: 'left out' };
    const before = store.view().get({ resource: groupResource(type), namespace, name });
    const path = `${objectPath(type, { namespace, name })}?fieldManager=${applyManager}&force=true`;
    const headers = { 'content-type': 'application/apply-patch+yaml' };
    const request = new Request(`https://rehearsal${path}`, { method: 'PATCH', headers, body: JSON.stringify(harmless) });
    const response = await api.fetch(request, { user: admin });
    if (!response.ok) throw StatusError.fromStatus((await response.json()) as Status);
    const answer = (await response.json()) as KubeObject;
    if (before === undefined) return { object: answer, outcome: 'created' };
    const isUnchanged = String(before.revision) === answer.metadata.resourceVersion;
    return { object: answer, outcome: isUnchanged ? 'unchanged' : 'configured' };
  }

  async untilRest(withinMs: number): Promise<Rest> {
    const { clock } = this.#parts;
    const startedMs = clock.now();
    this.#changedMs = startedMs;
    while (clock.now() - startedMs < withinMs) {
      await whileTimePasses(clock, this.#nodes.act());
      await clock.advance(stepMs);
      if (clock.now() - this.#changedMs >= quietMs) return { isAtRest: true, afterMs: this.#changedMs - startedMs };
    }
    return { isAtRest: false, afterMs: this.#changedMs - startedMs };
  }

  async close(): Promise<void> {
    const { api, store, clock, stopWorkers } = this.#parts;
    this.#stopListening();
    api.close();
    await whileTimePasses(clock, stopWorkers());
    await store.close();
  }
}
