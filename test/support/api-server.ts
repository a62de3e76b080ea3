/** An apiserver on a store in memory, whose caller may do everything, and short ways to ask it. */
import { namespaceLifecycleOf } from '../../functions/apiserver/admission/namespace-lifecycle.ts';
import type { ApiServer, ApiServerOptions } from '../../functions/apiserver/app.ts';
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
  /** The same server, asked by another one. */
  as(connection: Connection): TestApi;
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
  const store: Store =
    overrides.store ??
    (await createStore({
      table: overrides.table ?? memoryTable({ clock: world.clock }),
      world,
      selectableFields: selectableFields(() => registry(store.view())),
    }));
  const server = createApiServer({
    store,
    registry,
    version,
    authenticator: { authenticate: async () => undefined },
    authorizer: { authorize: async () => ({ allowed: true, reason: '' }) },
    admission: [namespaceLifecycleOf({ store })],
    ...overrides,
    world,
  });
  const as = (caller: Connection): TestApi => ({ world, store, as, ...callsOf(server, caller) });
  await server.fetch(post('/api/v1/namespaces', { metadata: { name: 'default' } }), { user: admin });
  return as(connection);
}

function callsOf(server: ApiServer, connection: Connection): Pick<TestApi, 'send' | 'fetch'> {
  const fetch = (path: string, init?: RequestInit): Promise<Response> => server.fetch(new Request(`http://api${path}`, init), connection);
  const send: TestApi['send'] = async (method, path, body, headers = {}) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const type = { 'content-type': 'application/json', ...headers };
    const response = await fetch(path, body === undefined ? { method, headers } : { method, headers: type, body: text });
    return { status: response.status, headers: response.headers, body: jsonOf(await response.text()) };
  };
  return { send, fetch };
}

/** A text that is no JSON stands as the message. */
function jsonOf(text: string): JsonObject {
  if (text === '') return {};
  return /^[{[]/.test(text) ? (JSON.parse(text) as JsonObject) : { message: text };
}

const post = (path: string, body: unknown): Request =>
  new Request(`http://api${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
