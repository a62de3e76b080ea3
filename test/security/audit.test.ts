/** Requests are recorded as kube-apiserver 1.37.2 records them, and no Secret's body stands in the audit log. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAudit } from '../../functions/apiserver/audit/audit.ts';
import type { AuditPolicy, PolicyRule } from '../../functions/apiserver/audit/policy.ts';
import type { Extension } from '../../functions/apiserver/ports.ts';
import type { JsonObject } from '../../functions/kube/object.ts';
import { agentGroup, pollPath } from '../../functions/node-protocol/node-poll.ts';
import { unauthorized } from '../../functions/apiserver/auth/forbidden-request.ts';
import { everyCase } from '../support/every-case.ts';
import { type TestApi, testApi } from '../support/api-server.ts';
import { virtualWorld } from '../support/virtual-world.ts';

/** The fields that the tests read. */
interface Event extends JsonObject {
  objectRef: JsonObject;
  user: JsonObject;
  requestObject: JsonObject;
  responseObject: JsonObject;
  responseStatus: JsonObject;
  verb: string;
}

interface AuditedApi extends TestApi {
  /** What was recorded since the last call, without its times and ids. */
  events(): readonly Event[];
  text(): string;
}

async function audited(...rules: PolicyRule[]): Promise<AuditedApi> {
  const policy: AuditPolicy = { rules };
  const world = virtualWorld();
  const lines: string[] = [];
  const poll: Extension = { prefix: `/apis/${agentGroup}/`, fetch: async () => Response.json({ objects: ['a Secret'] }) };
  const audit = createAudit({ policy, sink: { write: (line) => void lines.push(line) }, clock: world.clock });
  const authorizer = { authorize: async ({ name }: { name: string }) => ({ allowed: name !== 'eve', reason: '' }) };
  const authenticator = {
    authenticate: async (request: Request) => {
      if (request.headers.has('authorization')) throw unauthorized();
      return undefined;
    },
  };
  const api = await testApi({ world, audit, authorizer, authenticator, extensions: [poll] });
  lines.length = 0;
  const events = (): readonly Event[] =>
    lines.splice(0).map((line) => {
      const { auditID, requestReceivedTimestamp, stageTimestamp, kind, apiVersion, ...rest } = JSON.parse(line) as Record<string, string>;
      assert.deepEqual([kind, apiVersion, typeof auditID], ['Event', 'audit.k8s.io/v1', 'string']);
      assert.match(requestReceivedTimestamp ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
      assert.ok((stageTimestamp ?? '') >= (requestReceivedTimestamp ?? ''));
      return rest as unknown as Event;
    });
  return { ...api, events, text: () => lines.join('\n') };
}

const configMaps = '/api/v1/namespaces/default/configmaps';
const complete: PolicyRule = { level: 'RequestResponse', omitStages: ['RequestReceived'] };
const admin = { username: 'admin', groups: ['system:masters'] };
const allowed = { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': '' };

test('a creation is recorded when it came and when it was answered, with what was sent and stored', async () => {
  const api = await audited({ level: 'RequestResponse' });
  await api.send('POST', `${configMaps}?dryRun=All`, { metadata: { name: 'a' }, data: { b: 'c' } }, { 'user-agent': 'test/1' });
  const [received, answered, ...more] = api.events();
  const head = {
    level: 'RequestResponse',
    requestURI: `${configMaps}?dryRun=All`,
    verb: 'create',
    user: admin,
    sourceIPs: [],
    userAgent: 'test/1',
  };
  const objectRef = { resource: 'configmaps', namespace: 'default', apiVersion: 'v1' };
  assert.deepEqual(received, { ...head, stage: 'RequestReceived', objectRef });
  assert.ok(answered !== undefined);
  const { responseObject, ...rest } = answered;
  assert.deepEqual(rest, {
    ...head,
    stage: 'ResponseComplete',
    objectRef: { ...objectRef, name: 'a' },
    responseStatus: { metadata: {}, code: 201 },
    requestObject: { metadata: { name: 'a' }, data: { b: 'c' } },
    annotations: allowed,
  });
  assert.deepEqual(responseObject['data'], { b: 'c' });
  assert.deepEqual(more, []);
});

test('metadata name the object and how it went, and hold no body', async () => {
  const api = await audited({ level: 'Metadata', omitStages: ['RequestReceived'] });
  await api.send('POST', configMaps, { metadata: { name: 'a' }, data: { b: 'c' } });
  await api.send('GET', `${configMaps}/absent`);
  await api.send('DELETE', `${configMaps}/a`);
  assert.ok(!api.text().includes('"c"'));
  const [created, missing, deleted] = api.events();
  assert.equal(created?.objectRef['name'], 'a');
  assert.deepEqual(missing?.['responseStatus'], {
    metadata: {},
    code: 404,
    status: 'Failure',
    message: 'configmaps "absent" not found',
    reason: 'NotFound',
    details: { name: 'absent', kind: 'configmaps' },
  });
  assert.equal(deleted?.responseStatus['status'], 'Success');
});

const strangers = { 'content-type': 'application/json' };

test('a namespace is in itself', async () => {
  const api = await audited({ level: 'Metadata', namespaces: ['default'], omitStages: ['RequestReceived'] });
  await api.send('GET', '/api/v1/namespaces/default');
  const [event] = api.events();
  assert.deepEqual(event?.objectRef, { resource: 'namespaces', namespace: 'default', name: 'default', apiVersion: 'v1' });
});

test('the event of a refusal names the user, and the user that was impersonated', async () => {
  const api = await audited({ level: 'Metadata', omitStages: ['RequestReceived'] });
  await api.send('GET', configMaps, undefined, { 'impersonate-user': 'eve', 'impersonate-group': 'team' });
  const [event] = api.events();
  assert.deepEqual(
    [event?.['user'], event?.['impersonatedUser'], event?.['annotations']],
    [
      admin,
      { username: 'eve', groups: ['team', 'system:authenticated'] },
      { 'authorization.k8s.io/decision': 'forbid', 'authorization.k8s.io/reason': '' },
    ],
  );
});

test('wrong credentials and none are recorded', async () => {
  const api = (await audited({ level: 'Metadata', omitStages: ['RequestReceived'] })) as AuditedApi;
  const stranger = api.as({});
  await stranger.send('GET', configMaps, undefined, { ...strangers, authorization: 'Bearer x' });
  await stranger.send('GET', configMaps, undefined, strangers);
  const [wrong, none] = api.events();
  assert.deepEqual([wrong?.['stage'], wrong?.['user'], wrong?.responseStatus['code']], ['ResponseStarted', {}, 401]);
  assert.deepEqual(none?.user['username'], 'system:anonymous');
});

test('a watch is recorded when it begins and when it ends', async () => {
  const api = await audited(complete);
  const response = await api.fetch(`${configMaps}?watch=1`);
  assert.deepEqual(
    api.events().map(({ stage }) => stage),
    ['ResponseStarted'],
  );
  await response.body?.cancel();
  await api.world.settle();
  assert.deepEqual(
    api.events().map(({ stage, verb }) => [stage, verb]),
    [['ResponseComplete', 'watch']],
  );
});

test('the bodies of Secrets and tokens are recorded at no level, whatever is done to them', async () => {
  const api = await audited(complete);
  const path = '/api/v1/namespaces/default/secrets';
  const secret = { metadata: { name: 's' }, stringData: { password: 'hidden-value' } };
  const merge = { 'content-type': 'application/merge-patch+json' };
  const requests: readonly Parameters<TestApi['send']>[] = [
    ['POST', path, secret],
    ['GET', `${path}/s`],
    ['GET', path],
    ['GET', `${path}/s`, undefined, { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' }],
    ['PATCH', `${path}/s`, { stringData: { password: 'hidden-value-2' } }, merge],
    ['PUT', `${path}/s`, { ...secret, data: { x: 'aGlkZGVu' } }],
    ['PUT', `${path}/s`, { ...secret, data: { x: 'not base64' } }],
    ['POST', '/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token: 'hidden-value-3' } }],
    ['DELETE', `${path}/s`],
  ];
  await everyCase(
    requests,
    ([method, target]) => `${method} ${target}`,
    async (request) => {
      await api.send(...request);
      const text = api.text();
      for (const hidden of ['hidden-value', 'aGlkZGVu', Buffer.from('hidden-value').toString('base64')]) assert.ok(!text.includes(hidden));
      for (const event of api.events())
        assert.deepEqual([event['level'], 'requestObject' in event, 'responseObject' in event], ['Metadata', false, false]);
    },
  );
});

test('polls of nodes are left out, unless a rule names them, and bring no body then', async () => {
  const silent = await audited({ level: 'RequestResponse' });
  await silent.send('POST', pollPath('node-1'), {});
  assert.deepEqual(silent.events(), []);
  const asked = await audited({ level: 'RequestResponse', resources: [{ group: agentGroup }] });
  await asked.send('POST', pollPath('node-1'), {});
  assert.ok(!asked.text().includes('a Secret'));
  assert.deepEqual(
    asked.events().map(({ stage }) => stage),
    ['RequestReceived', 'ResponseStarted', 'ResponseComplete'],
  );
});

test('requests that no rule matches are not recorded, and omitManagedFields leaves managed fields out', async () => {
  const api = await audited(
    { level: 'None', verbs: ['get'] },
    { level: 'RequestResponse', verbs: ['update'], omitManagedFields: true, omitStages: ['RequestReceived'] },
  );
  const { body } = await api.send('POST', configMaps, { metadata: { name: 'a' } });
  await api.send('GET', `${configMaps}/a`);
  assert.deepEqual(api.events(), []);
  await api.send('PUT', `${configMaps}/a`, { ...body, metadata: { ...(body['metadata'] as JsonObject), managedFields: [] } });
  const [event] = api.events();
  assert.equal(event?.verb, 'update');
  assert.ok(!JSON.stringify(event.requestObject).includes('managedFields'));
});
