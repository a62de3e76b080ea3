/** Both ways in which an upgraded connection reaches a container keep the same promises. */
import { type IncomingMessage, request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { startForwarder } from '../../agent/api-service/forwarder.ts';
import { createCertificateAuthority, createServerCertificate } from '../../functions/client/certificates.ts';
import { realWorld } from '../../functions/world.ts';
import type { TunnelledCluster } from '../support/tunnelled-cluster.ts';
import { type Carried, upgradeContract } from './tunnel-upgrade.contract.ts';

const world = realWorld('error');

const upgrading = (send: typeof httpRequest | typeof httpsRequest, options: RequestOptions): Carried['upgrade'] => {
  return (path, protocol) =>
    new Promise((resolve, reject) => {
      const headers = { connection: 'Upgrade', upgrade: protocol };
      const call = send({ host: '127.0.0.1', method: 'GET', agent: false, ...options, path, headers });
      call.on('upgrade', (message: IncomingMessage, socket: Duplex, head: Buffer) => resolve({ message, socket, head }));
      call.on('response', (message) => reject(new Error(`the answer was ${message.statusCode}`)));
      call.on('error', reject);
      call.end();
    });
};

async function directly(cluster: TunnelledCluster): Promise<Carried> {
  return { cluster, upgrade: upgrading(httpRequest, { port: cluster.port }), close: async () => {} };
}

async function byGate(cluster: TunnelledCluster): Promise<Carried> {
  const authority = await createCertificateAuthority('gate', world.clock);
  const certificate = await createServerCertificate(authority, { commonName: 'kube-apiserver', hosts: ['localhost'] }, world.clock);
  const gate = await startForwarder({ address: '127.0.0.1', port: 0, certificate, server: cluster.url, caFile: undefined, world });
  const options = { port: gate.port, ca: authority.certificatePem, servername: 'localhost' };
  return { cluster, upgrade: upgrading(httpsRequest, options), close: () => gate.close() };
}

upgradeContract('that both ends have in one process', { byMail: false, bytes: 40_000_000, open: directly });
upgradeContract('by mail', { byMail: true, bytes: 12_000_000, open: byGate });
