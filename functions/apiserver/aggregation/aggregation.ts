/**
 * API servers beside this one: requests for their groups and versions are passed on through a tunnel, with the caller's
 * identity; whether they can be reached is checked when something changes, and again and again while they are declared.
 */
import type { Client } from '../../client/client.ts';
import { withCondition } from '../../kube/conditions.ts';
import { apiServices, endpointSlices, groupResource, services } from '../../kube/resource-type.ts';
import { StatusError } from '../../kube/status-error.ts';
import { timestamp } from '../../kube/time.ts';
import { readObject } from '../../kube/unreadable-object.ts';
import type { Change, Store } from '../../store/store.ts';
import type { Cancel, World } from '../../world.ts';
import { bodyWithEnd } from '../http/body-with-end.ts';
import type { ApiRequest } from '../ports.ts';
import type { Proxy } from '../server.ts';
import { serviceEnd } from '../tunnel/service-end.ts';
import type { CheckOptions, Checked } from './availability.ts';
import { identityHeaders } from './identity-headers.ts';
import { type RemoteDocuments, remoteVersion, type RemoteVersion } from './remote-groups.ts';
import { remoteAt, type RemoteService, remoteServices, tlsOf } from './remote-services.ts';

export interface Aggregation {
  /** The server that answers for the path, if it is not this one. */
  at(path: string): RemoteService | undefined;
  serve(call: ApiRequest, remote: RemoteService): Promise<Response>;
  /** For discovery: the same array as long as nothing changes. */
  versions(): readonly RemoteVersion[];
  /** Where the OpenAPI documents of other servers are, by `apis/GROUP/VERSION`. */
  openApiPaths(): Readonly<Record<string, string>>;
  close(): void;
}

export interface AggregationOptions extends Omit<CheckOptions, 'view' | 'random'> {
  readonly store: Pick<Store, 'view' | 'onApplied'>;
  readonly world: Pick<World, 'clock' | 'random' | 'log'>;
  /** May read and write APIServices. */
  readonly client: Pick<Client, 'get' | 'update'>;
  readonly proxy: Proxy;
  /** Whether this process finds out which of them can be reached; others only read what was found. */
  readonly isChecking: boolean;
}

const gatherMs = 100;
const againMs = 30_000;

const plain = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' };
const unavailable = (why: string): Response => new Response(`${why}\n`, { status: 503, headers: plain });

export function createAggregation(options: AggregationOptions): Aggregation {
  const { store, world, proxy } = options;
  const declared = remoteServices();
  const remotes = (): readonly RemoteService[] => declared(store.view());
  const checks = new Checks(options, remotes);
  let known:
    | { readonly remotes: readonly RemoteService[]; readonly state: object; readonly versions: readonly RemoteVersion[] }
    | undefined;
  return {
    at: (path) => remoteAt(remotes(), path),
    async serve(call, remote) {
      if (!remote.isAvailable) return unavailable('service unavailable');
      try {
        return await passedOn(call, remote);
      } catch (error) {
        if (error instanceof StatusError) return unavailable(error.message);
        throw error;
      }
    },
    versions() {
      const [current, state] = [remotes(), checks.state];
      if (known?.remotes !== current || known.state !== state) {
        known = { remotes: current, state, versions: current.map((remote) => remoteVersion(remote, checks.documents.get(remote.name))) };
      }
      return known.versions;
    },
    openApiPaths: () =>
      Object.fromEntries(
        remotes().flatMap(({ name, group, version }) => {
          const path = checks.documents.get(name)?.openApiPath;
          return path === undefined ? [] : [[`apis/${group}/${version}`, path]];
        }),
      ),
    close: () => checks.close(),
  };

  async function passedOn(call: ApiRequest, remote: RemoteService): Promise<Response> {
    const end = serviceEnd(remote.service, { ...options, view: store.view(), random: () => world.random.next() });
    const host = end.target.to === 'port' ? `${end.target.host}:${end.target.port}` : '';
    const response = await proxy(call, {
      end,
      tls: tlsOf(remote, options.certificate),
      host,
      path: `${call.url.pathname}${call.url.search}`,
      headers: { ...identityHeaders(call.user), host },
    });
    if (call.ended === undefined || response.body === null) return response;
    return new Response(bodyWithEnd(response.body, call.ended), response);
  }
}

class Checks {
  readonly documents = new Map<string, RemoteDocuments>();
  /** Another object each time when something that discovery shows has changed. */
  state: object = {};
  readonly #options: AggregationOptions;
  readonly #remotes: () => readonly RemoteService[];
  readonly #stopListening: () => void;
  #cancel: Cancel | undefined;
  #isRunning = false;
  #isClosed = false;

  constructor(options: AggregationOptions, remotes: () => readonly RemoteService[]) {
    this.#options = options;
    this.#remotes = remotes;
    if (!options.isChecking) {
      this.#stopListening = () => undefined;
      return;
    }
    this.#stopListening = options.store.onApplied((_revision, changes) => {
      if (changes.some((change) => this.#concerns(change))) this.#schedule(gatherMs);
    });
    if (remotes().length > 0) this.#schedule(gatherMs);
  }

  close(): void {
    this.#isClosed = true;
    this.#stopListening();
    this.#cancel?.();
  }

  #concerns(change: Change): boolean {
    const { key, type } = change;
    const { resource, namespace } = key;
    if (resource === groupResource(apiServices)) return type === 'deleted' || this.#remotes().some(({ name }) => name === key.name);
    if (resource !== groupResource(services) && resource !== groupResource(endpointSlices)) return false;
    const name = resource === groupResource(services) ? key.name : readObject(change)?.metadata.labels?.['kubernetes.io/service-name'];
    return this.#remotes().some(({ service }) => service.namespace === namespace && service.name === name);
  }

  #schedule(ms: number): void {
    this.#cancel?.();
    if (this.#isClosed) return;
    this.#cancel = this.#options.world.clock.after(ms, () => void this.#run());
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return this.#schedule(gatherMs);
    this.#isRunning = true;
    try {
      await Promise.all(this.#remotes().map((remote) => this.#check(remote)));
      for (const name of this.documents.keys()) {
        if (!this.#remotes().some((remote) => remote.name === name)) this.documents.delete(name);
      }
    } finally {
      this.#isRunning = false;
      if (this.#remotes().length > 0) this.#schedule(againMs);
    }
  }

  async #check(remote: RemoteService): Promise<void> {
    const { store, world } = this.#options;
    const view = (): ReturnType<Store['view']> => store.view();
    try {
      const { checked } = await import('./availability.ts');
      const found = await checked({ ...this.#options, view, random: () => world.random.next() }, remote);
      this.#note(remote, found);
      await this.#report(remote, found);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      world.log.warn('an APIService could not be checked', { apiService: remote.name, error: error.message });
    }
  }

  #note({ name }: RemoteService, { documents }: Checked): void {
    if (documents === undefined) return;
    if (JSON.stringify(this.documents.get(name)) === JSON.stringify(documents)) return;
    this.documents.set(name, documents);
    this.state = {};
  }

  async #report({ name, object }: RemoteService, { condition }: Checked): Promise<void> {
    const { client, world } = this.#options;
    const before = object.status?.conditions?.find(({ type }) => type === condition.type);
    const isSame = before?.status === condition.status && before.reason === condition.reason && before.message === condition.message;
    if (isSame) return;
    const current = await client.get(apiServices, { namespace: '', name });
    const conditions = withCondition(current.status?.conditions, condition, timestamp(world.clock.now()));
    await client.update(apiServices, { ...current, status: { ...current.status, conditions } }, 'status');
  }
}
