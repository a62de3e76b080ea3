/** A webhook's server: answers as the path asks, `/SCENARIO/HOOK/BEHAVIOUR`, and keeps what it was asked. */
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createCertificateAuthority, createServerCertificate } from '../../../functions/client/certificates.ts';
import type { JsonObject } from '../../../functions/kube/object.ts';
import { realWorld } from '../../../functions/world.ts';
import { type BehaviourName, behaviours, type HookAnswer, type Review } from './behaviours.ts';

export interface HookServer {
  /** `127.0.0.1:PORT` */
  readonly address: string;
  /** Base64 of PEM. */
  readonly caBundle: string;
  /** What the hooks of a scenario were asked so far, hook by hook; it is forgotten. */
  takeReviews(scenario: string): JsonObject;
  close(): void;
}

interface Asked {
  readonly hook: string;
  readonly query: string;
  readonly review: JsonObject;
}

const notFound = (): HookAnswer => ({ status: 404, body: 'nothing here' });

export async function startHookServer(): Promise<HookServer> {
  const { clock } = realWorld('error');
  const authority = await createCertificateAuthority('hooks', clock);
  const { certificatePem, keyPem } = await createServerCertificate(authority, { commonName: 'hook', hosts: ['127.0.0.1'] }, clock);
  const asked = new Map<string, Asked[]>();
  const server = createServer({ cert: certificatePem, key: keyPem }, (request, response) => {
    void (async () => {
      const { pathname, search } = new URL(request.url ?? '', 'https://hook');
      const [, scenario = '', hook = '', behaviour = ''] = pathname.split('/');
      const sent = await text(request);
      // Where a redirect leads.
      const review = (sent === '' ? {} : JSON.parse(sent)) as JsonObject & Review;
      asked.set(scenario, [...(asked.get(scenario) ?? []), { hook, query: search, review }]);
      const { status = 200, headers = {}, body }: HookAnswer = (behaviours[behaviour as BehaviourName] ?? notFound)(review);
      if (body === undefined) return;
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    caBundle: Buffer.from(authority.certificatePem).toString('base64'),
    takeReviews(scenario) {
      const found = asked.get(scenario) ?? [];
      asked.delete(scenario);
      // Validating webhooks are asked at the same time.
      const hooks = found.toSorted((a, b) => (a.hook < b.hook ? -1 : a.hook > b.hook ? 1 : 0));
      return { kind: 'Reviews', items: hooks.map(({ hook, query, review }) => ({ hook, query, review })) };
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
