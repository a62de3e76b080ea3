/** The server of a kubeconfig that listens: what it reads, and what becomes of its answers. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { createCertificateAuthority, createServerCertificate } from '../../../client/certificates.ts';
import { realWorld } from '../../../world.ts';
import { fetchJson } from '../jwt/fetch-json.ts';
import { createAskReview } from './ask-review.ts';
import type { WebhookSettings } from './settings.ts';

interface Answer {
  readonly status?: number;
  readonly type?: string;
  readonly text: string;
}

let server: Server;
let settings: WebhookSettings;
let answer: Answer | undefined;
const seen: { readonly url: string | undefined; readonly authorization: string | undefined; readonly body: unknown }[] = [];

describe('a server that is asked', () => {
  before(async () => {
    const { clock } = realWorld('error');
    const authority = await createCertificateAuthority('servers', clock);
    const { certificatePem, keyPem } = await createServerCertificate(authority, { commonName: 'a', hosts: ['127.0.0.1'] }, clock);
    server = createServer({ cert: certificatePem, key: keyPem }, (request, response) => {
      void (async () => {
        const body = request.method === 'GET' ? undefined : await json(request);
        seen.push({ url: request.url, authorization: request.headers.authorization, body });
        if (answer === undefined) return;
        response.writeHead(answer.status ?? 200, { 'content-type': answer.type ?? 'application/json' }).end(answer.text);
      })();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    settings = {
      access: { server: `https://127.0.0.1:${port}/authorize`, caPem: authority.certificatePem, token: 'secret' },
      timeoutMs: 3_000,
      authorizedMs: 0,
      unauthorizedMs: 0,
      reviewVersion: 'v1',
      failurePolicy: 'Deny',
      matchConditions: [],
    };
  });
  after(() => {
    server.close();
    server.closeAllConnections();
  });

  const spec = { user: 'jane', groups: ['dev'], nonResourceAttributes: { path: '/metrics', verb: 'get' } };

  test('a server that is asked reads a review in its version, with the token of the kubeconfig', async () => {
    answer = { text: '{"status":{"allowed":true,"reason":"because"}}' };
    for (const [reviewVersion, named] of [
      ['v1', { groups: ['dev'] }],
      ['v1beta1', { group: ['dev'] }],
    ] as const) {
      seen.length = 0;
      const status = await createAskReview()(spec, { ...settings, reviewVersion });
      assert.deepEqual(status, { allowed: true, denied: false, reason: 'because' });
      const { groups: _groups, ...others } = spec;
      assert.deepEqual(seen, [
        {
          url: '/authorize?timeout=3s',
          authorization: 'Bearer secret',
          body: {
            kind: 'SubjectAccessReview',
            apiVersion: `authorization.k8s.io/${reviewVersion}`,
            metadata: {},
            spec: { ...others, ...named },
            status: { allowed: false },
          },
        },
      ]);
    }
  });

  const failures: readonly (readonly [string, Answer, string, boolean])[] = [
    [
      'an error',
      { status: 500, type: 'text/plain', text: 'no' },
      'an error on the server ("no") has prevented the request from succeeding',
      true,
    ],
    ['a refusal', { status: 400, text: 'no' }, 'the server rejected our request for an unknown reason', false],
    ['too many requests', { status: 429, text: '' }, 'the server has received too many requests and has asked us to try again later', true],
    ['more than a megabyte', { text: ' '.repeat((1 << 20) + 1) }, 'the answer is longer than 1048576 bytes', false],
  ];
  for (const [what, given, message, mayPass] of failures) {
    test(`a server that is asked has failed with ${what}`, async () => {
      answer = given;
      await assert.rejects(createAskReview()(spec, settings), { name: 'ReviewFailed', message, mayPass });
    });
  }

  test('a server that is asked allows nothing by an answer that is no review', async () => {
    for (const text of ['null', '[]', '{"status":3}', '{}']) {
      answer = { text };
      assert.deepEqual(await createAskReview()(spec, settings), { allowed: false, denied: false }, text);
    }
    answer = { text: '{' };
    await assert.rejects(createAskReview()(spec, settings), { name: 'ReviewFailed', mayPass: false });
  });

  test('a server that is asked and does not respond has failed after its time', async () => {
    answer = undefined;
    const message = `Post "${settings.access.server}?timeout=20ms": context deadline exceeded`;
    await assert.rejects(createAskReview()(spec, { ...settings, timeoutMs: 20 }), { name: 'ReviewFailed', message });
  });

  test('a server that is asked of another authority is not believed', async () => {
    const { caPem: _authority, ...strange } = settings.access;
    await assert.rejects(createAskReview()(spec, { ...settings, access: strange }), {
      name: 'ReviewFailed',
      message: /certificate signed by unknown authority$/,
    });
    await assert.rejects(fetchJson(strange.server, undefined));
  });

  test('a server that is asked gives an issuer’s documents by its authority, without redirects and to a limit', async () => {
    const { server: url, caPem } = settings.access;
    answer = { text: '{"issuer":"a"}' };
    assert.deepEqual(await fetchJson(url, caPem), { issuer: 'a' });
    for (const given of [
      { status: 302, text: '' },
      { status: 404, text: '{}' },
      { text: 'no JSON' },
      { text: ' '.repeat((1 << 20) + 1) },
    ]) {
      answer = given;
      await assert.rejects(fetchJson(url, caPem));
    }
  });
});
