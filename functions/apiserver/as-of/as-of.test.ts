import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { memoryFiles } from '../../archive/memory-files.ts';
import type { JsonObject, KubeList, KubeObject } from '../../kube/object.ts';
import { administrator, type RbacCluster, rbacCluster } from '../../../test/support/rbac-cluster.ts';
import { momentOf } from './moment.ts';

const minuteMs = 60_000;

const configMap = (name: string, value: string): JsonObject => ({ metadata: { name }, data: { value } });
interface Body extends KubeList {
  readonly kind: string;
  readonly message: string;
  readonly data?: Readonly<Record<string, string>>;
  readonly items: HistoryItem[];
}
type HistoryItem = KubeObject & {
  readonly time: string;
  readonly type: string;
  readonly object: { readonly data: { readonly value: string } };
};

const maps = '/api/v1/namespaces/default/configmaps';

describe('the API as of a moment', () => {
  let cluster: RbacCluster;
  let beganMs = 0;
  const at = (minutes: number): string => new Date(beganMs + minutes * minuteMs).toISOString();
  const admin = () => cluster.as(administrator);
  const read = async (path: string, user = administrator): Promise<{ status: number; body: Body }> => {
    const { status, text } = await cluster.as(user).send('GET', path);
    return { status, body: JSON.parse(text) as Body };
  };

  before(async () => {
    cluster = await rbacCluster({ archive: { files: memoryFiles() } });
    const { world, store } = cluster;
    await store.housekeep();
    beganMs = world.clock.now();
    const steps: readonly (readonly [method: string, path: string, body?: JsonObject])[] = [
      ['POST', maps, configMap('web', 'one')],
      ['PUT', `${maps}/web`, configMap('web', 'two')],
      ['POST', '/api/v1/namespaces/default/secrets', { metadata: { name: 'key' }, stringData: { k: 'v' } }],
      [
        'POST',
        '/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings',
        {
          metadata: { name: 'anna' },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
          subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'anna' }],
        },
      ],
      ['DELETE', `${maps}/web`],
    ];
    for (const [method, path, body] of steps) {
      await world.advance(10 * minuteMs);
      const { status, text } = await admin().send(method, path, body);
      assert.ok(status < 300, text);
      await store.housekeep();
    }
    // The store itself forgets all of it.
    for (let round = 0; round < 60; round += 1) {
      await world.advance(10 * minuteMs);
      await admin().send('PUT', '/api/v1/namespaces/kube-system', { metadata: { name: 'kube-system', labels: { round: `r${round}` } } });
      await store.housekeep();
    }
  });
  after(() => cluster.api.close());

  test('an object shows what it was, and is absent before it was made and after it was deleted', async () => {
    const cases: readonly (readonly [minutes: number, value: string | undefined])[] = [
      [5, undefined],
      [10, 'one'],
      [15, 'one'],
      [20, 'two'],
      [45, 'two'],
      [50, undefined],
    ];
    for (const [minutes, value] of cases) {
      const { status, body } = await read(`/as-of/${at(minutes)}${maps}/web`);
      assert.deepEqual([status, body.data?.value], value === undefined ? [404, undefined] : [200, value], `after ${minutes} minutes`);
    }
  });

  test('a distance from now is a moment, too', async () => {
    const minutes = Math.ceil((cluster.world.clock.now() - beganMs) / minuteMs) - 25;
    assert.equal((await read(`/as-of/-${minutes}m${maps}/web`)).body.data?.value, 'two');
  });

  test('the API as of a moment serves lists, tables and discovery', async () => {
    const list = await read(`/as-of/${at(25)}${maps}`);
    assert.deepEqual(
      list.body.items.map(({ metadata }) => metadata.name),
      ['web'],
    );
    const { text } = await admin().send('GET', `/as-of/${at(25)}${maps}?limit=500`, undefined, {});
    assert.match(text, /ConfigMapList/);
    assert.equal((await read(`/as-of/${at(25)}/api/v1`)).body.kind, 'APIResourceList');
  });

  test('the store of now no longer reaches what the archive shows', async () => {
    const { body } = await read(`/as-of/${at(25)}${maps}/web`);
    assert.equal((await read(`${maps}?resourceVersion=${body.metadata.resourceVersion}&resourceVersionMatch=Exact`)).status, 410);
  });

  test('a watch replays what came after, as fast as it is asked to', async () => {
    const moment = `${at(5)}@1000000x`;
    const { body } = await read(`/as-of/${moment}${maps}`);
    const response = await cluster.api.fetch(
      new Request(`https://api/as-of/${moment}${maps}?watch=1&resourceVersion=${body.metadata.resourceVersion}`),
      { user: administrator },
    );
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader() ?? assert.fail();
    let text = '';
    while (text.split('\n').length < 4) {
      await cluster.world.advance(1000);
      text += (await reader.read()).value ?? '';
    }
    await reader.cancel();
    const events = text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { type: string; object: { data: { value: string } } });
    assert.deepEqual(
      events.map(({ type, object }) => [type, object.data.value]),
      [
        ['ADDED', 'one'],
        ['MODIFIED', 'two'],
        ['DELETED', 'two'],
      ],
    );
  });

  test('between two moments there is a history', async () => {
    const { body } = await read(`/as-of/${at(0)}..now${maps}/web`);
    assert.deepEqual(
      body.items.map(({ time, type, object }) => [time, type, object.data.value]),
      [
        [at(10), 'ADDED', 'one'],
        [at(20), 'MODIFIED', 'two'],
        [at(50), 'DELETED', 'two'],
      ],
    );
  });

  test('a history comes in pages, and takes no selector', async () => {
    const path = `${maps}/web`;
    const first = await read(`/as-of/${at(0)}..now${path}?limit=2`);
    assert.equal(first.body.items.length, 2);
    const rest = await read(`/as-of/${first.body.metadata.continue}..now${path}?limit=-1`);
    assert.deepEqual(
      rest.body.items.map(({ type }) => type),
      ['DELETED'],
    );
    assert.equal((await read(`/as-of/${at(0)}..now/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-1`)).status, 400);
  });

  test('many moments at once wait, and too many are turned away', async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => read(`/as-of/${at(10 + index / 10)}${maps}/web`)));
    const codes = new Set(answers.map(({ status }) => status));
    assert.deepEqual(
      [...codes].toSorted((a, b) => a - b),
      [200, 429],
    );
  });

  test('the past is only read', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const { status, text } = await admin().send(method, `/as-of/${at(25)}${maps}/web`, configMap('web', 'three'));
      assert.deepEqual([status, JSON.parse(text).message], [405, 'the past cannot be changed'], method);
    }
  });

  test('who reads the past may read it now, and might have then', async () => {
    const anna = { name: 'anna', groups: ['system:authenticated'] };
    assert.equal((await read(`/as-of/${at(45)}${maps}/web`, anna)).status, 200);
    const before = await read(`/as-of/${at(35)}${maps}/web`, anna);
    assert.equal(before.status, 403);
    assert.match(before.body.message, /not at that time/);
    assert.equal((await read(`/as-of/${at(45)}/api/v1/namespaces/default/secrets/key`, anna)).status, 403);
    assert.equal((await read(`/as-of/${at(35)}..now${maps}/web`, anna)).status, 403);
    assert.equal((await read(`/as-of/${at(45)}/api/v1/namespaces/kube-system/configmaps`, anna)).status, 403);
  });

  test('a stranger is refused before anything is read', async () => {
    for (const path of [`/as-of/${at(25)}/api`, '/as-of/nonsense/version', `/as-of/${at(25)}/healthz`]) {
      const response = await cluster.fetch(new Request(`https://api${path}`));
      assert.equal(response.status, 401, path);
    }
  });

  test('what is no moment is refused with a reason', async () => {
    for (const text of ['nonsense', '-2y', '2026-13-01T00:00:00Z', '-1h@0x', '-1h@fast', '2999-01-01T00:00:00Z', '']) {
      const { status, body } = await read(`/as-of/${text}${maps}`);
      assert.equal(status, 400, `${text}: ${JSON.stringify(body)}`);
      assert.match(body.message, /is no moment of the past/);
    }
  });
});

test('moments are times, distances and speeds', () => {
  const nowMs = Date.UTC(2026, 10, 29, 12);
  const cases: readonly (readonly [text: string, moment: object | undefined])[] = [
    ['2026-11-29T10:00:00Z', { timeMs: nowMs - 120 * minuteMs, speed: 1 }],
    ['2026-11-29T11:00:00+01:00', { timeMs: nowMs - 120 * minuteMs, speed: 1 }],
    ['-2h', { timeMs: nowMs - 120 * minuteMs, speed: 1 }],
    ['-90s@10x', { timeMs: nowMs - 90_000, speed: 10 }],
    ['-1d@0.5x', { timeMs: nowMs - 1440 * minuteMs, speed: 0.5 }],
    ['now', { timeMs: nowMs, speed: 1 }],
    ['2h', undefined],
    ['-2h@10x@10x', undefined],
    ['2026-11-29', undefined],
  ];
  for (const [text, moment] of cases) assert.deepEqual(momentOf(text, nowMs), moment, text);
});
