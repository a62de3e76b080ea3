/** A cluster in memory with everything that it starts with, whose API decides by RBAC what each caller may. */
import { type Api, type ApiOptions, createApi } from '../../functions/api.ts';
import { newSigningKeyPem, signingKeyOf } from '../../functions/apiserver/auth/keys.ts';
import { createTokens, type Tokens } from '../../functions/apiserver/auth/tokens.ts';
import type { User } from '../../functions/apiserver/ports.ts';
import { bootstrap } from '../../functions/cloud/bootstrap.ts';
import { type ClusterStoreOptions, openClusterStore } from '../../functions/cluster-store.ts';
import type { Client } from '../../functions/client/client.ts';
import { defaultNetworks } from '../../functions/kube/cluster-networks.ts';
import { memoryTable } from '../../functions/store/memory/memory-table.ts';
import type { Store } from '../../functions/store/store.ts';
import { type VirtualWorld, virtualWorld } from './virtual-world.ts';

export interface Answered {
  readonly status: number;
  readonly text: string;
}

export interface RbacCluster {
  readonly world: VirtualWorld;
  readonly store: Store;
  readonly api: Api;
  /** The administrator's. */
  readonly client: Client;
  readonly tokens: Tokens;
  /** The key that signs the tokens. */
  readonly signingKeyPem: string;
  /** From the network: who asks is known by credentials. */
  fetch(request: Request): Promise<Response>;
  as(user: User): { send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answered> };
}

export const administrator: User = { name: 'admin', groups: ['system:masters', 'system:authenticated'] };

export interface RbacClusterOptions extends Pick<ClusterStoreOptions, 'archive'>, Pick<ApiOptions, 'extensions'> {
  /** The turns of the event loop; none when left out. */
  readonly nextTurn?: (callback: () => void) => void;
}

export async function rbacCluster({ extensions = [], nextTurn, ...options }: RbacClusterOptions = {}): Promise<RbacCluster> {
  const played = virtualWorld();
  const world = nextTurn === undefined ? played : { ...played, clock: { ...played.clock, nextTurn } };
  const { store, definitions, registry, past } = await openClusterStore({ table: memoryTable({ clock: world.clock }), world, ...options });
  const signingKeyPem = await newSigningKeyPem();
  const tokens = createTokens({ keys: [signingKeyOf(signingKeyPem)], ...world });
  const api = createApi({ store, registry, tokens, world, extensions, ...(past === undefined ? {} : { past }) });
  await bootstrap(api, definitions, { apiserverAddress: '192.0.2.1', apiserverPort: 443, serviceCidr: defaultNetworks.serviceCidr });
  return {
    world,
    store,
    api,
    client: api.clientFor(administrator),
    tokens,
    signingKeyPem,
    fetch: (request) => api.fetch(request, {}),
    as: (user) => ({
      async send(method, path, body, headers = {}) {
        const init = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } };
        const response = await api.fetch(new Request(`https://api${path}`, { method, ...init }), { user });
        return { status: response.status, text: await response.text() };
      },
    }),
  };
}
