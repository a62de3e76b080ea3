/** A token webhook: a token is the name of how it is answered. Keeps what it was asked. */
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createCertificateAuthority, createServerCertificate } from '../../../functions/client/certificates.ts';
import type { ClusterAccess } from '../../../functions/client/https-fetch.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../functions/kube/object.ts';
import { realWorld } from '../../../functions/world.ts';
import { type TokenAnswer, type TokenName, type TokenReviewRequest, tokens } from './tokens.ts';

export interface TokenServer {
  readonly access: ClusterAccess;
  /** `127.0.0.1:PORT` */
  readonly address: string;
  /** What it was asked about a token so far; it is forgotten. */
  takeReviews(token: string): JsonObject;
  close(): void;
}

const isName = (token: string): token is TokenName => Object.hasOwn(tokens, token);

/** Undefined where the text is no JSON, or names no token. */
function reviewIn(body: string): TokenReviewRequest | undefined {
  const review = parsed(body);
  const spec = isJsonObject(review) ? review['spec'] : undefined;
  return isJsonObject(spec) && typeof spec['token'] === 'string' ? (review as TokenReviewRequest) : undefined;
}

function parsed(body: string): Json | undefined {
  try {
    return JSON.parse(body) as Json;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export async function startTokenServer(): Promise<TokenServer> {
  const { clock } = realWorld('error');
  const authority = await createCertificateAuthority('tokens', clock);
  const { certificatePem, keyPem } = await createServerCertificate(authority, { commonName: 'reviews', hosts: ['127.0.0.1'] }, clock);
  const asked = new Map<string, JsonObject[]>();
  const server = createServer({ cert: certificatePem, key: keyPem }, (request, response) => {
    void (async () => {
      const review = reviewIn(await text(request));
      if (review === undefined) {
        response.writeHead(400).end('a TokenReview is wanted');
        return;
      }
      const { token } = review.spec;
      asked.set(token, [...(asked.get(token) ?? []), { url: request.url ?? '', review }]);
      const { status = 200, body }: TokenAnswer = tokens[isName(token) ? token : 'unknown'](review);
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    access: { server: `https://${address}/reviews`, caPem: authority.certificatePem },
    address,
    takeReviews(token) {
      const items = asked.get(token) ?? [];
      asked.delete(token);
      return { kind: 'Reviews', items };
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
