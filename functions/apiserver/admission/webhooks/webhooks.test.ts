/** Webhooks that listen, called by URL and, through a node, by Service. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, test, describe } from 'node:test';
import { text as textOf } from 'node:stream/consumers';
import { createCertificateAuthority, createServerCertificate } from '../../../client/certificates.ts';
import {
  configMaps,
  endpointSlices,
  mutatingWebhookConfigurations,
  pods,
  services,
  validatingWebhookConfigurations,
} from '../../../kube/resource-type.ts';
import { realWorld } from '../../../world.ts';
import { eventually } from '../../../../test/support/eventually.ts';
import { tunnelledCluster, type TunnelledCluster } from '../../../../test/support/tunnelled-cluster.ts';

interface Review {
  readonly apiVersion: string;
  readonly request: Record<string, unknown> & { readonly uid: string; readonly object: { metadata: Record<string, unknown> } | null };
}
type Answer = (review: Review) => Promise<object> | object;

const seen: { path: string; review: Review }[] = [];
const answers = new Map<string, Answer>();
/** Answers that are no review: status and text. */
const texts = new Map<string, readonly [status: number, text: string]>();
let server: Server;
let port: number;
let caBundle: string;
let cluster: TunnelledCluster;

// In a suite of its own: its cluster is up no longer than its tests run.
describe('admission webhooks', () => {
  before(async () => {
    const { clock } = realWorld('error');
    const authority = await createCertificateAuthority('webhooks', clock);
    const certificate = await createServerCertificate(authority, { commonName: 'hook', hosts: ['127.0.0.1', 'hook.default.svc'] }, clock);
    caBundle = Buffer.from(authority.certificatePem).toString('base64');
    server = createServer({ cert: certificate.certificatePem, key: certificate.keyPem }, (request, response) => {
      void (async () => {
        const path = request.url!.split('?')[0]!;
        const sent = await textOf(request);
        const [, code, name] = /^\/moved-(\d+)-(.*)$/.exec(path) ?? [];
        if (code !== undefined) return void response.writeHead(Number(code), { location: name || path.slice(1) }).end();
        if (sent === '') return void response.writeHead(404).end();
        const review = JSON.parse(sent) as Review;
        seen.push({ path, review });
        const { apiVersion, request: asked } = review;
        const [status, text] = texts.get(path) ?? [];
        if (status !== undefined) return void response.writeHead(status, { 'content-type': 'application/json' }).end(text);
        const answer = await answers.get(path)?.(review);
        if (answer === undefined) return void response.writeHead(404).end();
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ kind: 'AdmissionReview', apiVersion, response: { uid: asked.uid, ...answer } }));
      })();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
    cluster = await tunnelledCluster();
    await cluster.addPod('hook', '10.244.0.9', [port]);
    await cluster.client.create(services, {
      metadata: { name: 'hook', namespace: 'default' },
      spec: { ports: [{ port: 443, targetPort: port }] },
    });
    await cluster.client.create(endpointSlices, {
      metadata: { name: 'hook-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'hook' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.244.0.9'], nodeName: 'a' }],
      ports: [{ name: '', port, protocol: 'TCP' }],
    });
  });
  after(async () => {
    await cluster.close();
    server.closeAllConnections();
    server.close();
  });
  afterEach(async () => {
    seen.length = 0;
    answers.clear();
    texts.clear();
    await cluster.client.deleteCollection(validatingWebhookConfigurations, {});
    await cluster.client.deleteCollection(mutatingWebhookConfigurations, {});
  });

  const rule = { apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['*'] };
  const byService = (path: string) => ({ service: { namespace: 'default', name: 'hook', path }, caBundle });
  const byUrl = (path: string) => ({ url: `https://127.0.0.1:${port}${path}`, caBundle });
  const hook = (name: string, clientConfig: object, more: object = {}) => ({
    name: `${name}.example.com`,
    clientConfig,
    rules: [rule],
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    ...more,
  });

  type Kind = typeof mutatingWebhookConfigurations | typeof validatingWebhookConfigurations;
  const register = (kind: Kind, name: string, ...webhooks: object[]): Promise<unknown> =>
    cluster.client.create(kind as typeof mutatingWebhookConfigurations, { metadata: { name }, webhooks: webhooks as never[] });

  let made = 0;
  interface Answered {
    readonly code: number;
    readonly message?: string;
    readonly data?: Record<string, string>;
    readonly warnings: string | null;
  }
  async function create(query = '', data: Record<string, string> = {}): Promise<Answered> {
    made += 1;
    const response = await fetch(`${cluster.url}/api/v1/namespaces/default/configmaps${query}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ metadata: { name: `c${made}`, labels: { made: 'here' } }, data }),
    });
    const { message, data: stored } = (await response.json()) as { message?: string; data?: Record<string, string> };
    return {
      code: response.status,
      ...(response.ok ? {} : { message }),
      ...(stored === undefined ? {} : { data: stored }),
      warnings: response.headers.get('warning'),
    };
  }

  const patch = (...operations: object[]) => ({
    allowed: true,
    patchType: 'JSONPatch',
    patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
  });

  for (const [name, config] of [
    ['URL', byUrl],
    ['Service', byService],
  ] as const) {
    test(`a webhook by ${name} refuses, in its own words`, async () => {
      answers.set('/deny', () => ({ allowed: false, status: { message: 'not on a Monday', code: 409, reason: 'Conflict' } }));
      await register(validatingWebhookConfigurations, 'deny', hook('deny', config('/deny')));
      assert.deepEqual(await create(), {
        code: 409,
        message: 'admission webhook "deny.example.com" denied the request: not on a Monday',
        warnings: null,
      });
    });
  }

  test('a webhook sees the request as upstream sends it', async () => {
    answers.set('/see', () => ({ allowed: true, warnings: ['seen'] }));
    await register(validatingWebhookConfigurations, 'see', hook('see', byService('/see')));
    const created = await create('?dryRun=All&fieldManager=me');
    assert.deepEqual([created.code, created.warnings], [201, '299 - "seen"']);
    const { review } = seen[0]!;
    const { uid, object, ...request } = review.request;
    assert.equal(review.apiVersion, 'admission.k8s.io/v1');
    assert.match(uid, /^[0-9a-f-]{36}$/);
    assert.equal(object!.metadata['namespace'], 'default');
    const configMap = { group: '', version: 'v1', kind: 'ConfigMap' };
    const resource = { group: '', version: 'v1', resource: 'configmaps' };
    assert.deepEqual(request, {
      kind: configMap,
      resource,
      requestKind: configMap,
      requestResource: resource,
      name: `c${made}`,
      namespace: 'default',
      operation: 'CREATE',
      userInfo: { username: 'admin', groups: ['system:masters', 'system:authenticated'] },
      oldObject: null,
      dryRun: true,
      options: {
        kind: 'CreateOptions',
        apiVersion: 'meta.k8s.io/v1',
        dryRun: ['All'],
        fieldManager: 'me',
      },
    });
  });

  test('webhooks patch one after the other, and again when asked to', async () => {
    answers.set('/one', ({ request }) => {
      const data = (request.object as unknown as { data?: Record<string, string> }).data ?? {};
      return 'two' in data ? patch({ op: 'add', path: '/data/again', value: 'yes' }) : { allowed: true };
    });
    answers.set('/two', () => patch({ op: 'add', path: '/data/two', value: '2' }));
    await register(
      mutatingWebhookConfigurations,
      'both',
      hook('one', byService('/one'), { reinvocationPolicy: 'IfNeeded' }),
      hook('two', byService('/two')),
    );
    assert.deepEqual((await create('', { a: 'b' })).data, { a: 'b', again: 'yes', two: '2' });
    assert.deepEqual(
      seen.map(({ path }) => path),
      ['/one', '/two', '/one'],
    );
  });

  test('an update and a deletion are shown with what is stored', async () => {
    await create('', { a: 'b' });
    answers.set('/see', () => ({ allowed: true }));
    await register(validatingWebhookConfigurations, 'see', hook('see', byService('/see')));
    const at = { namespace: 'default', name: `c${made}` };
    await cluster.client.patch(configMaps, at, { data: { a: 'c' } });
    await cluster.client.delete(configMaps, at);
    const shown = seen.map(({ review: { request } }) => [
      request['operation'],
      (request.object as { data?: object } | null)?.data,
      (request['oldObject'] as { data?: object }).data,
    ]);
    assert.deepEqual(shown, [
      ['UPDATE', { a: 'c' }, { a: 'b' }],
      ['DELETE', undefined, { a: 'c' }],
    ]);
  });

  test('selectors and rules decide who is asked', async () => {
    answers.set('/deny', () => ({ allowed: false }));
    const other = { matchLabels: { made: 'elsewhere' } };
    await register(
      validatingWebhookConfigurations,
      'picky',
      hook('object', byService('/deny'), { objectSelector: other }),
      hook('namespace', byService('/deny'), { namespaceSelector: other }),
      hook('scope', byService('/deny'), { rules: [{ ...rule, scope: 'Cluster' }] }),
      hook('operation', byService('/deny'), { rules: [{ ...rule, operations: ['DELETE'] }] }),
      hook('version', byService('/deny'), { rules: [{ ...rule, apiVersions: ['v2'] }] }),
      hook('subresource', byService('/deny'), { rules: [{ ...rule, resources: ['configmaps/status'] }] }),
    );
    assert.equal((await create()).code, 201);
    assert.deepEqual(seen, []);
  });

  test('a webhook that moved is asked at its new place, with the same body', async () => {
    answers.set('/new', () => ({ allowed: false, status: { message: 'asked at its new place' } }));
    for (const [index, at] of [byUrl, byService].entries()) {
      const name = `moved${index}`;
      await register(validatingWebhookConfigurations, name, hook(name, at('/moved-307-moved-308-new')));
      assert.match((await create()).message ?? '', /asked at its new place$/);
      await cluster.client.delete(validatingWebhookConfigurations, { namespace: '', name });
    }
  });

  test('a webhook is shown the grace period that the pod gets', async () => {
    answers.set('/see', () => ({ allowed: true }));
    await register(
      validatingWebhookConfigurations,
      'see',
      hook('see', byService('/see'), { rules: [{ ...rule, resources: ['pods'], operations: ['DELETE'] }] }),
    );
    await cluster.client.create(pods, {
      metadata: { namespace: 'default', name: 'nowhere' },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    });
    await cluster.client.delete(pods, { namespace: 'default', name: 'nowhere' });
    assert.deepEqual(seen[0]?.review.request['options'], { kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/v1', gracePeriodSeconds: 0 });
  });

  const failing: readonly [string, () => object, string][] = [
    ['answers 404', () => byService('/none'), 'failed to call webhook: the server could not find the requested resource'],
    [
      'moved, to be asked with GET',
      () => byUrl('/moved-302-see'),
      'failed to call webhook: the server could not find the requested resource',
    ],
    ['leads to itself', () => byUrl('/moved-307-'), 'failed to call webhook: Post "moved-307-": stopped after 10 redirects'],
    [
      'leads where no certificate is shown',
      () => byUrl('/moved-307-http:a'),
      'failed to call webhook: Post "http://a/": unsupported protocol scheme "http"',
    ],
    [
      'is a Service without endpoints',
      () => ({ service: { namespace: 'default', name: 'hook', path: '/', port: 444 }, caBundle }),
      'failed to call webhook: Post "https://hook.default.svc:444/?timeout=10s": no service port 444 found for service "hook"',
    ],
    [
      'has a certificate of an authority that is not known',
      () => ({ ...byService('/none'), caBundle: undefined }),
      'failed to call webhook: Post "https://hook.default.svc:443/none?timeout=10s": tls: failed to verify certificate: x509: certificate signed by unknown authority',
    ],
  ];
  for (const [what, config, why] of failing) {
    test(`a webhook that ${what} stops the write, or is passed by`, async () => {
      await register(validatingWebhookConfigurations, 'broken', hook('broken', config()));
      const message = `Internal error occurred: failed calling webhook "broken.example.com": ${why}`;
      assert.deepEqual(await create(), { code: 500, message, warnings: null });
      await cluster.client.deleteCollection(validatingWebhookConfigurations, {});
      await register(validatingWebhookConfigurations, 'broken', hook('broken', config(), { failurePolicy: 'Ignore' }));
      assert.equal((await create()).code, 201);
    });
  }

  const undecodable: readonly (readonly [string, object | readonly [number, string], string])[] = [
    [
      'a patch that is no JSON',
      { allowed: true, patchType: 'JSONPatch', patch: Buffer.from('nonsense').toString('base64') },
      "received undecodable patch in webhook response: invalid character 'o' in literal null (expecting 'u')",
    ],
    [
      'a patch that is no base64',
      { allowed: true, patchType: 'JSONPatch', patch: '***' },
      'failed to call webhook: illegal base64 data at input byte 0',
    ],
    ['a patch of another type', { allowed: true, patchType: 'MergePatch', patch: 'e30=' }, 'unsupported patch type "MergePatch"'],
    [
      'another kind',
      [200, '{"apiVersion":"admission.k8s.io/v1","kind":"Something","response":{}}'],
      'failed to call webhook: no kind "Something" is registered for version "admission.k8s.io/v1" in scheme "pkg/runtime/scheme.go:111"',
    ],
    [
      'half a document',
      [200, '{"apiVersion":'],
      "failed to call webhook: couldn't get version/kind; json parse error: unexpected end of JSON input",
    ],
    ['nothing', [200, ''], 'failed to call webhook: 0-length response with status code: 200 and content type: application/json'],
    [
      'an error that is no text',
      [500, 'it broke'],
      'failed to call webhook: an error on the server ("unknown") has prevented the request from succeeding',
    ],
  ];
  for (const [what, answer, why] of undecodable) {
    test(`a webhook that answers with ${what} stops the write, or is passed by`, async () => {
      if (Array.isArray(answer)) texts.set('/odd', answer as [number, string]);
      else answers.set('/odd', () => answer);
      const message = `Internal error occurred: failed calling webhook "odd.example.com": ${why}`;
      await register(mutatingWebhookConfigurations, 'odd', hook('odd', byUrl('/odd')));
      assert.deepEqual(await create(), { code: 500, message, warnings: null });
      await cluster.client.deleteCollection(mutatingWebhookConfigurations, {});
      await register(mutatingWebhookConfigurations, 'odd', hook('odd', byUrl('/odd'), { failurePolicy: 'Ignore' }));
      assert.equal((await create()).code, 201);
    });
  }

  test('a webhook moves no object to another namespace', async () => {
    answers.set('/move', () => patch({ op: 'replace', path: '/metadata/namespace', value: 'elsewhere' }));
    await register(mutatingWebhookConfigurations, 'move', hook('move', byUrl('/move')));
    const message = 'the namespace of the provided object does not match the namespace sent on the request';
    assert.deepEqual(await create(), { code: 400, message, warnings: null });
  });

  test('a webhook that refuses to let a collection go is asked about its first object only', async () => {
    await Promise.all([create(), create(), create()]);
    answers.set('/stay', () => ({ allowed: false }));
    await register(validatingWebhookConfigurations, 'stay', hook('stay', byUrl('/stay'), { rules: [{ ...rule, operations: ['DELETE'] }] }));
    await assert.rejects(cluster.client.deleteCollection(configMaps, { namespace: 'default', labelSelector: 'made=here' }));
    assert.equal(seen.length, 1);
  });

  test('a webhook that is too slow is given up', async () => {
    const { promise, resolve } = Promise.withResolvers<object>();
    answers.set('/slow', () => promise);
    await register(validatingWebhookConfigurations, 'slow', hook('slow', byService('/slow'), { timeoutSeconds: 1 }));
    const why = 'Post "https://hook.default.svc:443/slow?timeout=1s": context deadline exceeded';
    assert.equal(
      (await create()).message,
      `Internal error occurred: failed calling webhook "slow.example.com": failed to call webhook: ${why}`,
    );
    resolve({ allowed: true });
  });

  test('a webhook without side effects is asked in a dry run', async () => {
    await register(mutatingWebhookConfigurations, 'effects', hook('effects', byService('/x'), { sideEffects: 'None' }));
    answers.set('/x', () => ({ allowed: true }));
    assert.equal((await create('?dryRun=All')).code, 201);
    assert.equal(seen.length, 1);
  });

  test('webhooks do not concern the configuration of webhooks', async () => {
    answers.set('/deny', () => ({ allowed: false }));
    const all = [{ apiGroups: ['*'], apiVersions: ['*'], resources: ['*'], operations: ['*'] }];
    await register(validatingWebhookConfigurations, 'all', hook('all', byService('/deny'), { rules: all }));
    await register(mutatingWebhookConfigurations, 'another', hook('another', byService('/deny')));
    assert.deepEqual(seen, []);
  });

  test('a webhook on the node that reports is reached while the report waits for it', async () => {
    answers.set('/see', () => ({ allowed: true }));
    const status = [{ ...rule, resources: ['pods/status'] }];
    await register(validatingWebhookConfigurations, 'status', hook('status', byService('/see'), { rules: status }));
    const at = { namespace: 'default', name: 'hook' };
    const { metadata, status: before } = await cluster.client.get(pods, at);
    cluster.report({ ...at, uid: metadata.uid ?? '', status: { ...before, message: 'reported' } });
    await eventually(async () => assert.equal((await cluster.client.get(pods, at)).status?.message, 'reported'), 8_000);
    assert.equal(seen[0]?.review.request['subResource'], 'status');
  });

  test('match conditions decide who is asked, and what cannot be decided stops the write', async () => {
    answers.set('/deny', () => ({ allowed: false }));
    const when = (expression: string, more: object = {}) => ({ matchConditions: [{ name: 'when', expression }], ...more });
    await register(validatingWebhookConfigurations, 'when', hook('when', byService('/deny'), when(`object.data.a == 'no'`)));
    assert.equal((await create('', { a: 'yes' })).code, 201);
    assert.equal((await create('', { a: 'no' })).message, 'admission webhook "when.example.com" denied the request without explanation');
    const failed = `configmaps "c${made + 1}" is forbidden: expression 'object.data.a == 'no'' resulted in error: no such key: a`;
    assert.equal((await create('', { b: 'x' })).message, failed);
    await cluster.client.deleteCollection(validatingWebhookConfigurations, {});
    const ignored = when(`object.data.a == 'no'`, { failurePolicy: 'Ignore' });
    await register(validatingWebhookConfigurations, 'when', hook('when', byService('/deny'), ignored));
    assert.equal((await create('', { b: 'x' })).code, 201);
  });
});
