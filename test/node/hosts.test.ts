/** Hosts and their containerds: found again after a restart, and gone without a trace after a crash. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { runCommand } from '../../agent/network/run.ts';
import { canRunContainers } from '../../infra/local/hosts/can-run-containers.ts';
import { startContainerd, stopContainerd, type RunningContainerd } from '../../infra/local/hosts/containerd.ts';
import { createFabric, removeFabric, type Fabric } from '../../infra/local/hosts/fabric.ts';
import { fabricNames, type Host } from '../../infra/local/hosts/host.ts';
import { cgroupRoots } from '../../infra/local/hosts/cgroups.ts';
import { buildImages, importImages } from '../../infra/images/build.ts';
import { ownId } from '../support/own-id.ts';
import { virtualWorld } from '../support/virtual-world.ts';
import { ask } from './support/two-hosts.ts';

const can = await canRunContainers();
const image = 'docker.io/library/echo:v1';

describe('hosts', { skip: can.ok ? false : can.why }, () => {
  const { log } = virtualWorld();
  const [id, besideId] = [ownId(), ownId()];
  const directory = mkdtempSync(join(tmpdir(), 'hosts-'));
  const images = join(directory, 'containerd');
  let fabric: Fabric;
  let host: Host;
  let containerd: RunningContainerd;
  const ctr = (...words: string[]): Promise<string> =>
    runCommand(['ctr', '--address', containerd.socket, '--namespace', 'k8s.io', ...words]);

  before(async () => {
    fabric = await createFabric({ id, directory, log });
    host = await fabric.addHost('a');
    containerd = await startContainerd(host, images);
  });
  after(async () => {
    await removeFabric(directory, log);
    rmSync(directory, { recursive: true, force: true });
  });

  test('making what is there finds it', async () => {
    const again = await createFabric({ id, directory, log });
    const found = await again.addHost('a');
    assert.deepEqual([again.gateway, found.address, found.netns], [fabric.gateway, host.address, host.netns]);
    assert.equal((await startContainerd(found, images)).pid, containerd.pid);
    assert.deepEqual(
      again.hosts().map(({ name }) => name),
      ['a'],
    );
  });

  test('two fabrics live side by side, and one goes without the other', async () => {
    const beside = join(directory, 'beside');
    const second = await createFabric({ id: besideId, directory: beside, log });
    assert.notEqual(second.subnet, fabric.subnet);
    await second.addHost('a');
    await second.remove();
    await host.run(['true']);
    assert.equal(readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8').trim(), '1');
  });

  test('a container outlives containerd, and containerd finds it again', async () => {
    await importImages(containerd.socket, await buildImages());
    // By default `ctr run` keeps runc's states in a place that all containerds of the machine share.
    await ctr(
      'run',
      '--detach',
      '--net-host',
      '--runc-root',
      join(host.runDirectory, 'runc'),
      '--cgroup',
      `${host.cgroupParent}/c1`,
      image,
      'c1',
    );
    const running = async (): Promise<boolean> => / RUNNING/.test(await ctr('tasks', 'ls'));
    assert.ok(await running());
    await stopContainerd(host);
    const restarted = await startContainerd(host, images);
    assert.notEqual(restarted.pid, containerd.pid);
    assert.ok(await running());
    containerd = restarted;
  });

  test('after a crash everything that ran and was mounted is removed, but for the images', async () => {
    const pid = Number(/c1\s+(\d+)/.exec(await ctr('tasks', 'ls'))?.[1]);
    process.kill(containerd.pid, 'SIGKILL');
    await removeFabric(directory, log);
    const traces = [
      host.netns,
      host.runDirectory,
      `/proc/${pid}/exe`,
      ...cgroupRoots().map((root) => join(root, host.cgroupParent)),
    ].filter((path) => existsSync(path));
    assert.deepEqual(traces, []);
    assert.ok(existsSync(images), 'images are kept for the next start');
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8');
    for (const own of [`${directory}/`, `-${id}-`, `/${id}/`]) assert.ok(!mounts.includes(own), own);
    assert.ok(!(await runCommand(['ip', '-o', 'link'])).includes(fabricNames(id).link));
    // A second removal has nothing to do.
    await removeFabric(directory, log);
  });

  test('a fabric that was removed can be made again, and its hosts reach the machine', async () => {
    fabric = await createFabric({ id, directory, log });
    host = await fabric.addHost('a');
    assert.deepEqual(await ask(host.run, { address: fabric.gateway, port: 1 }), ['ECONNREFUSED']);
  });
});
