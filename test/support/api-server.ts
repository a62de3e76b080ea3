/** An apiserver on a store in memory, whose caller may do everything, and short ways to ask it. */
import { namespaceLifecycle } from '../../functions/apiserver/admission/namespace-lifecycle.ts';
import type { ApiServerOptions } from '../../functions/apiserver/app.ts';
import { createApiServer } from '../../functions/apiserver/app.ts';
import type { Connection } from '../../functions/apiserver/ports.ts';
import { version } from '../../functions/kube/kubernetes-version.ts';
import type { JsonObject } from '../../functions/kube/object.ts';
import { createLiveRegistry, type KindSource } from '../../functions/apiserver/registry/live-registry.ts';
import { createDefinitions } from '../../functions/resources/all.ts';
import type { AnyDefinition } from '../../functions/resources/definition.ts';
import { selectableFields } from '../../functions/selectable-fields.ts';
import { createStore } from '../../functions/store/create-store.ts';
import { memoryTable } from '../../functions/store/memory/memory-table.ts';
import type { Table } from '../../functions/store/table.ts';
import type { Store } from '../../functions/store/store.ts';
import { type VirtualWorld, virtualWorld } from './virtual-world.ts';

export interface TestAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: JsonObject;
}

export interface TestApi {
  readonly world: VirtualWorld;
  readonly store: Store;
  /** The path may have a query. An object is sent as JSON; a text as it is. */
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<TestAnswer>;
  fetch(path: string, init?: RequestInit): Promise<Response>;
}

export const admin = { name: 'admin', groups: ['system:masters'] };

export interface TestApiOptions extends Partial<ApiServerOptions> {
  readonly definitions?: readonly AnyDefinition[];
  readonly sources?: readonly KindSource[];
  /** With the world of another one and its table, it is a second process of the same cluster. */
  readonly world?: VirtualWorld;
  readonly table?: Table;
}

/** With the namespace `default`, unless a test wants none. */
export async function testApi(overrides: TestApiOptions = {}, connection: Connection = { user: admin }): Promise<TestApi> {
  const world = overrides.world ?? virtualWorld();
  const registry = createLiveRegistry({ definitions: overrides.definitions ?? createDefinitions(), sources: overrides.sources ?? [] });
  const store: Store = await createStore({
    table: overrides.table ?? memoryTable({ clock: world.clock }),
    world,
    selectableFields: selectableFields(() => registry(store.view())),
  });
  const server = createApiServer({
    store,
    registry,
    version,
    authenticator: { authenticate: async () => undefined },
    authorizer: { authorize: async () => ({ allowed: true, reason: '' }) },
    admission: [namespaceLifecycle],
    ...overrides,
    world,
  });
  const fetch = (path: string, init?: RequestInit): Promise<Response> => server.fetch(new Request(`http://api${path}`, init), connection);
  const send: TestApi['send'] = async (method, path, body, headers = {}) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const type = { 'content-type': 'application/json', ...headers };
    const response = await fetch(path, body === undefined ? { method, headers } : { method, headers: type, body: text });
    return { status: response.status, headers: response.headers, body: JSON.parse((await response.text()) || '{}') as JsonObject };
  };
  await server.fetch(post('/api/v1/namespaces', { metadata: { name: 'default' } }), { user: admin });
  return { world, store, send, fetch };
}

const post = (path: string, body: unknown): Request =>
  new Request(`http://api${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
