/**
 * Our API server as a machine hosts it, over HTTPS on loopback. It has the objects that every cluster starts with,
 * and runs those controllers that upstream has in its API server.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiOptions, createApi } from '../../../functions/api.ts';
import type { Connection } from '../../../functions/apiserver/ports.ts';
import { createTokens } from '../../../functions/apiserver/auth/tokens.ts';
import { bootstrap } from '../../../functions/cloud/bootstrap.ts';
import { openClusterStore } from '../../../functions/cluster-store.ts';
import { defaultNetworks } from '../../../functions/kube/cluster-networks.ts';
import { componentNames } from '../../../functions/worker-groups.ts';
import { createCache } from '../../../functions/workers/cache.ts';
import { memoryTable } from '../../../functions/store/memory/memory-table.ts';
import { realWorld } from '../../../functions/world.ts';
import { startWorkers } from '../../../functions/start-workers.ts';
import { serveHttps } from '../../../infra/local/https-server.ts';
import { loadPki } from '../../../infra/local/pki.ts';
import type { RunningServer } from './upstream.ts';

const admin = { name: 'admin', uid: 'admin-uid', groups: ['system:masters', 'system:authenticated'] };
const adminToken = 'Bearer admin-token';

/** Who shows the administrator's token needs no proof: what it asks is compared, not how it is known. */
const connectionOf = (request: Request, connection: Connection): Connection =>
  request.headers.get('authorization') === adminToken ? { user: admin, ...connection } : connection;

export type OursOptions = Pick<ApiOptions, 'authentication'>;

export async function startOurs(options: OursOptions = {}): Promise<RunningServer> {
  const world = realWorld('error');
  const directory = mkdtempSync(join(tmpdir(), 'compare-ours-'));
  const pki = await loadPki(directory, ['localhost', '127.0.0.1'], world.clock);
  const { store, definitions, registry } = await openClusterStore({ table: memoryTable({ clock: world.clock }), world });
  const tokens = createTokens({ keys: pki.tokenKeys, clock: world.clock, random: world.random });
  const api = createApi({ store, registry, tokens, world, ...options });
  const server = await serveHttps({
    app: { fetch: (request, connection) => api.fetch(request, connectionOf(request, connection)) },
    addresses: [{ host: '127.0.0.1', port: 0 }],
    certificatePem: pki.server.certificatePem,
    keyPem: pki.server.keyPem,
    caPem: pki.authority.certificatePem,
    log: world.log,
  });
  const port = server.addresses[0]?.port ?? 0;
  await bootstrap(api, definitions, { apiserverAddress: '192.0.2.1', apiserverPort: port, serviceCidr: defaultNetworks.serviceCidr });
  const stopWorkers = await startWorkers({
    store,
    cache: createCache(store),
    api,
    registry,
    certificateAuthorityPem: pki.authority.certificatePem,
    codeVersion: 'compare',
    absent: componentNames,
    world,
  });
  return {
    address: { host: '127.0.0.1', port, headers: { authorization: adminToken } },
    signingKeyPem: pki.tokenKeys[0].privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    async stop() {
      await stopWorkers();
      await server.close();
      await store.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
