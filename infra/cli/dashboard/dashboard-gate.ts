/**
 * The gate of `hibernetes dashboard`. It serves the page to a browser on this machine. It passes the page's requests on
 * to the API as the kubeconfig's user, whose credential never reaches the browser. The browser authenticates by a
 * secret of the gate. It gets the secret once, for the code in the address that it was opened with.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { type Forwarder, type SignIn, startForwarder } from '../../../agent/api-service/forwarder.ts';
import type { DashboardFiles } from '../../../functions/apiserver/dashboard/dashboard.ts';
import { dashboardPath, dashboardResponse } from '../../../functions/apiserver/dashboard/dashboard-response.ts';
import { bearerTokenOf, socketTokenOf, withoutSocketTokens } from '../../../functions/apiserver/auth/bearer-token.ts';
import type { CertificatePair } from '../../../functions/client/certificates.ts';
import type { World } from '../../../functions/world.ts';
import type { FreshToken } from '../gate/fresh-token.ts';
import { gateHost } from '../gate/gate-home.ts';

/** Where the page shows its code. The API serves no such path. */
export const sessionPath = '/gate.hibernetes.dev/session';

export interface DashboardGateOptions {
  readonly port: number;
  readonly server: string;
  readonly caFile: string | undefined;
  readonly clientCertificate: CertificatePair | undefined;
  /** Undefined: the client certificate names the user. */
  readonly credential: FreshToken | undefined;
  readonly files: DashboardFiles;
  readonly world: World;
}

export interface DashboardGate {
  /** Opens the page signed in, once. */
  readonly url: string;
  readonly forwarder: Forwarder;
}

const secretBytes = 32;
const codeLengthMax = 100;

const digest = (value: string): Buffer => createHash('sha256').update(value).digest();
const isSame = (value: string, expected: Buffer): boolean => timingSafeEqual(digest(value), expected);

function headersOf({ headers }: IncomingMessage): Headers {
  return new Headers(
    Object.entries(headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value] as [string, string]] : [])),
  );
}

async function send(response: ServerResponse, answer: Response): Promise<void> {
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.end(Buffer.from(await answer.arrayBuffer()));
}

const refused = (status: number): Response => new Response(null, { status });

export async function startDashboardGate(options: DashboardGateOptions): Promise<DashboardGate> {
  const { files, world, credential } = options;
  const newSecret = (): string => Buffer.from(world.random.bytes(secretBytes)).toString('base64url');
  const [secret, code] = [newSecret(), newSecret()];
  const [expected, expectedCode] = [digest(secret), digest(code)];
  let isCodeUsed = false;

  async function session(request: IncomingMessage): Promise<Response> {
    if (request.method !== 'POST' || Number(request.headers['content-length'] ?? Infinity) > codeLengthMax) return refused(400);
    if (isCodeUsed || !isSame(await text(request), expectedCode)) return refused(403);
    isCodeUsed = true;
    return Response.json({ token: secret }, { headers: { 'cache-control': 'no-store' } });
  }

  async function own(request: IncomingMessage, path: string): Promise<Response> {
    if (path === sessionPath) return session(request);
    if (request.method !== 'GET') return refused(405);
    return (await dashboardResponse(files, path, String(request.headers['accept-encoding'] ?? ''))) ?? refused(404);
  }

  const signIn: SignIn = {
    ...(credential ?? { token: async () => undefined, refused: () => undefined }),
    isAllowed(request) {
      const headers = headersOf(request);
      return isSame(bearerTokenOf(headers.get('authorization')) ?? socketTokenOf(headers) ?? '', expected);
    },
    protocolsPassed: withoutSocketTokens,
    answer(request, response) {
      const [path = ''] = (request.url ?? '').split('?');
      if (path !== sessionPath && path !== dashboardPath && !path.startsWith(`${dashboardPath}/`)) return false;
      own(request, path).then(
        (answer) => send(response, answer),
        (error: unknown) => {
          world.log.warn('a file of the dashboard cannot be read', { error });
          response.destroy();
        },
      );
      return true;
    },
  };
  const forwarder = await startForwarder({ ...options, address: gateHost, certificate: undefined, signIn });
  return { url: `http://${gateHost}:${forwarder.port}${dashboardPath}/#code=${code}`, forwarder };
}
