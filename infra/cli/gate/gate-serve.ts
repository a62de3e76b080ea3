/** `hibernetes gate serve`: speaks WebSocket and SPDY to kubectl on this machine, and GET and POST to the cluster's functions. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { startForwarder, type SignIn } from '../../../agent/api-service/forwarder.ts';
import { createServerCertificate } from '../../../functions/client/certificates.ts';
import { accessOfKubeconfig } from '../../../functions/client/kubeconfig-access.ts';
import { realWorld } from '../../../functions/world.ts';
import { CliError } from '../cli-error.ts';
import { execCredential } from '../exec-credential.ts';
import { freshToken, type ClusterCredential } from './fresh-token.ts';
import { credentialPath, gateHost, noteRunning, readGateHome } from './gate-home.ts';
import { gateLife } from './gate-life.ts';

const secretBytes = 32;

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

export async function clusterCredential(kubeconfig: string): Promise<ClusterCredential> {
  const credential = await execCredential(kubeconfig);
  if (credential !== undefined) return credential;
  const { token } = accessOfKubeconfig(kubeconfig);
  if (token === undefined) throw new CliError(`${kubeconfig} names neither a token nor a program that gives one.`);
  return { token };
}

/** What the plug-in reads: a credential, and until when it is good. */
function sendCredential(response: ServerResponse, token: string, expiresMs: number): void {
  const status = { token, expirationTimestamp: new Date(expiresMs).toISOString() };
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(JSON.stringify(status));
}

export async function serveGate({ home: directory }: { readonly home: string }): Promise<void> {
  const world = realWorld('warn');
  const home = readGateHome(directory);
  const { server, caPem } = accessOfKubeconfig(home.kubeconfig);
  const caFile = caPem === undefined ? undefined : join(directory, 'cluster-ca.crt');
  if (caFile !== undefined) writeFileSync(caFile, caPem ?? '', { mode: 0o600 });
  const certificate = await createServerCertificate(home.authority, { commonName: 'hibernetes-gate', hosts: [gateHost] }, world.clock);

  const secret = Buffer.from(world.random.bytes(secretBytes)).toString('base64url');
  const expected = digest(`Bearer ${secret}`);
  const isAllowed = ({ headers: { authorization = '' } }: IncomingMessage): boolean => timingSafeEqual(digest(authorization), expected);
  const fresh = freshToken(() => clusterCredential(home.kubeconfig), world.clock);
  const life = gateLife(world.clock, () => gate.hasConnections());
  const signIn: SignIn = {
    ...fresh,
    isAllowed,
    answer(request: IncomingMessage, response) {
      if (request.url !== credentialPath || !isAllowed(request)) return false;
      response.setHeader('connection', 'close');
      sendCredential(response, secret, life.extend());
      return true;
    },
  };
  const gate = await startForwarder({ address: gateHost, port: home.port, certificate, server, caFile, world, signIn });
  life.extend();
  noteRunning(directory, { pid: process.pid, secret });
  await life.over;
  await gate.close();
}
