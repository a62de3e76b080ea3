/**
 * A container may do to its volumes what it likes, at any moment: the agent touches nothing of the node's but those volumes.
 * Every kind of volume that the agent knows is attacked by real containers, ROUNDS times in all; the nightly run sets it higher.
 */
import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Directory } from '../../agent/files/directory.ts';
import { unmountAll } from '../../agent/files/mounts.ts';
import { removeTree } from '../../agent/files/remove-tree.ts';
import { directories } from '../../agent/pods/directories.ts';
import { createNodeVolumes } from '../../agent/volumes/node-volumes.ts';
import { bindSubPath, openSubPath } from '../../agent/volumes/sub-path.ts';
import { VolumeError } from '../../agent/volumes/volumes.ts';
import type { Container, Pod } from '../../functions/kube/generated/types.ts';
import { canRunContainers } from '../../infra/local/hosts/can-run-containers.ts';
import { agentNode, type AgentNode } from '../support/agent-node.ts';
import { eventually } from '../support/eventually.ts';
import { busybox, examples, key, pluginsFor, pod, settings, writable, written } from './volume-examples.ts';

const can = await canRunContainers();
const rounds = Number(process.env['ROUNDS'] ?? 1000);
const share = (kinds: readonly unknown[]): number => Math.ceil(rounds / kinds.length);
/** Mounting takes longer than opening. */
const bindEvery = 25;
let color = 'blue';
const plugins = pluginsFor(() => color);

const shell = (script: string, more: Partial<Container> = {}): Container => ({
  name: 'main',
  image: busybox,
  imagePullPolicy: 'IfNotPresent',
  command: ['sh', '-c', script],
  ...more,
});
const claim = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'disk', namespace: 'default', uid: 'u3' },
  spec: { volumeName: 'disk-volume' },
  status: { phase: 'Bound' },
};
const volumeAt = (path: string) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'disk-volume', uid: 'u4' },
  spec: { hostPath: { path }, claimRef: { namespace: 'default', name: 'disk', uid: 'u3' } },
});

test('every kind of volume that the agent knows is attacked here', () => {
  assert.deepEqual(Object.keys(examples).toSorted(), plugins.map(({ field }) => String(field)).toSorted());
});

describe('a container that attacks its volumes', { skip: can.ok ? false : can.why }, () => {
  let node: AgentNode;
  let canary: string;
  let arena: string;
  before(async () => {
    node = await agentNode('10.201.9.0/24');
    canary = join(node.rootDirectory, '../canary');
    arena = join(node.rootDirectory, '../arena');
    mkdirSync(join(canary, 'sub'), { recursive: true });
    mkdirSync(arena);
    for (const name of ['color', 'sub/color']) writeFileSync(join(canary, name), 'precious');
    mkdirSync(join(arena, 'disk'));
    node.api.put(claim as never);
    node.api.put(volumeAt(join(arena, 'disk')) as never);
    node.startAgent();
  });
  after(async () => {
    await unmountAll(arena);
    await node.close();
  });

  const isRunning = (name: string): Promise<unknown> =>
    eventually(() => {
      const status = node.api.pod(name)?.status;
      assert.equal(status?.containerStatuses?.[0]?.state?.running === undefined, false, JSON.stringify(status?.containerStatuses));
    }, 40_000);
  const isUntouched = (): void => {
    assert.deepEqual(readdirSync(canary, { recursive: true }).map(String).toSorted(), ['color', 'sub', 'sub/color']);
    for (const name of ['color', 'sub/color']) assert.equal(readFileSync(join(canary, name), 'utf8'), 'precious');
    assert.equal(lstatSync(canary).mode & 0o777, 0o755);
  };
  /** Writes all of the arena, and nothing else of the node; its links lead where the agent would go. */
  const attacker = async (name: string, script: string): Promise<void> => {
    const hostPath = { path: arena };
    const volumeMounts = [{ name: 'host', mountPath: arena }];
    const main = shell(`cd ${arena}; touch ${name}-began; while true; do ${script}; done 2>/dev/null`, { volumeMounts });
    node.api.put(pod(name, { containers: [main], volumes: [{ name: 'host', hostPath }] }));
    await isRunning(name);
    await eventually(() => assert.ok(existsSync(join(arena, `${name}-began`))), 10_000);
  };
  const gone = async (name: string): Promise<void> => {
    node.api.deletePod(name, 0);
    await eventually(() => assert.equal(node.api.pod(name), undefined), 20_000);
  };

  for (const field of written) {
    test(`a container that attacks its volumes cannot write a ${field} volume, though it asks for that, and sees updates`, async () => {
      const name = `reader-${field.toLowerCase()}`;
      const attempts = ['touch new', `ln -s ${canary} evil`, 'rm -rf ..data', 'mv ..data old', 'echo x > color', 'chmod 777 .'];
      const script = `cd /v; for i in 1 2; do ${attempts.map((each) => `(${each}) 2>&1 | grep -c "Read-only"`).join('; ')}; done; sleep 1000`;
      const main = shell(script, { volumeMounts: [{ name: 'v', mountPath: '/v', readOnly: false }] });
      node.api.put(settings('blue'));
      node.api.put(key('blue'));
      node.api.put(pod(name, { containers: [main], volumes: [{ name: 'v', ...examples[field] }] }, { color: 'blue' }));
      await isRunning(name);
      const expected = Array.from({ length: 2 * attempts.length }, () => '1\n').join('');
      await eventually(async () => assert.equal((await node.api.log(name, 'container=main')).text, expected), 10_000);
      node.api.put(settings('green'));
      node.api.put(key('green'));
      const current = node.api.pod(name)!;
      node.api.put({ ...current, metadata: { ...current.metadata, labels: { color: 'green' } } });
      const plugin = plugins.find((each) => each.field === field)!;
      const path = directories(node.rootDirectory).volume(`uid-${name}`, plugin.name, 'v');
      await eventually(() => assert.equal(readFileSync(join(path, 'color'), 'utf8'), 'green'), 10_000);
      await gone(name);
    });

    test(`a container that could write a ${field} volume leads the agent nowhere: ${share(written)} updates`, async () => {
      const name = `swapper-${field.toLowerCase()}`;
      const where = directories(join(arena, name));
      const volumes = createNodeVolumes({ directories: where, plugins });
      const victim = (): Pod => pod(name, { containers: [], volumes: [{ name: 'v', ...examples[field] }] }, { color });
      const path = (await volumes.setUp(victim())).get('v')!.path;
      const links = ['..data', 'color', '..data_tmp', '$(readlink ..data)', '..stamp-*'];
      await attacker(
        name,
        `cd ${path}; for n in ${links.join(' ')}; do rm -rf "$n"; ln -s ${canary} "$n"; ln -sfn ${canary}/color "$n/color"; done`,
      );
      let updates = 0;
      for (let round = 0; round < share(written); round += 1) {
        color = `color-${round}`;
        try {
          await volumes.refresh(victim());
          updates += 1;
        } catch (error) {
          assert.ok(error instanceof VolumeError, String(error));
        }
        if (round % 100 === 0) isUntouched();
      }
      isUntouched();
      assert.ok(updates > 0);
      await gone(name);
      color = 'last';
      await volumes.refresh(victim());
      assert.equal(readFileSync(join(path, 'color'), 'utf8'), 'last');
      await volumes.tearDown(`uid-${name}`);
      isUntouched();
    });
  }

  for (const field of writable) {
    test(`gets no part of the node by a subPath of its ${field}: ${share(writable)} mounts`, async () => {
      const name = `parts-${field.toLowerCase()}`;
      const volumePath = join(arena, name);
      mkdirSync(join(volumePath, 'real/sub'), { recursive: true });
      const moves = ['mv real part', 'mv part real', `ln -s ${canary} part`, 'rm part', 'rm -rf part/sub', `ln -s ${canary}/sub part/sub`];
      await attacker(name, `cd ${volumePath}; ${moves.join('; ')}; mv real part; ln -s ${canary}/sub part/sub; rm part/sub; mv part real`);
      const target = join(arena, `${name}-target`);
      const forbidden = new Set([canary, join(canary, 'sub'), join(canary, 'color')].map((each) => statSync(each).ino));
      let opened = 0;
      for (let round = 0; round < share(writable); round += 1) {
        try {
          await using handle = await openSubPath({ volumePath, path: 'part/sub' });
          assert.equal(forbidden.has((await handle.stat()).ino), false, 'a directory of the node was opened');
          opened += 1;
          if (round % bindEvery !== 0) continue;
          await bindSubPath({ volumePath, path: 'part/sub' }, target);
          assert.equal(forbidden.has(statSync(target).ino), false, 'a directory of the node was mounted');
        } catch (error) {
          if (error instanceof assert.AssertionError) throw error;
          assert.ok(error instanceof Error);
        }
      }
      assert.ok(opened > 0);
      isUntouched();
      await unmountAll(target);
      await gone(name);
    });

    test(`a container that attacks its volumes is not started with a subPath of its ${field} that leads out`, async () => {
      const name = `outward-${field.toLowerCase()}`;
      const host = join(arena, name);
      mkdirSync(host);
      const source = field === 'hostPath' ? { hostPath: { path: host } } : examples[field];
      const volumes = [{ name: 'v', ...source }];
      const lure = shell(`ln -s / /v/out; ln -s ${canary} /v/canary`, { name: 'lure', volumeMounts: [{ name: 'v', mountPath: '/v' }] });
      const parts = ['out', 'canary/sub', 'out/etc'].map((subPath, index) =>
        shell('cat /part/* ; sleep 1000', { name: `c${index}`, volumeMounts: [{ name: 'v', mountPath: '/part', subPath }] }),
      );
      node.api.put(pod(name, { initContainers: [lure], containers: parts, volumes }));
      await eventually(() => {
        const waiting = node.api.pod(name)!.status!.containerStatuses!.map(({ state }) => state?.waiting);
        assert.deepEqual(
          waiting,
          parts.map(({ name: container }) => ({
            reason: 'CreateContainerConfigError',
            message: `failed to prepare subPath for volumeMount "v" of container "${container}"`,
          })),
        );
      }, 20_000);
      isUntouched();
      await gone(name);
    });
  }

  test(`a container that attacks its volumes is removed without what its links lead to: ${rounds} removals`, async () => {
    const name = 'removed';
    const place = join(arena, name);
    mkdirSync(place);
    await attacker(name, `cd ${place}; mkdir -p t/a t/b/c; ln -s ${canary} t/l; mv t/a t/x; ln -s ${canary} t/a; rm t/a; mv t/x t/a`);
    await using parent = await Directory.open(place);
    await using trash = await Directory.make(join(arena, 'trash'));
    for (let round = 0; round < rounds; round += 1) await removeTree(parent, 't', trash);
    isUntouched();
    assert.deepEqual(await trash.names(), []);
    await gone(name);
  });
});
