/** A machine joins a cluster with one command, runs a pod there, and is out when its Node is deleted. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, globSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { AgentConfig } from '../../agent/config.ts';
import { bundleAgent } from '../../agent/bundle.ts';
import { clusterRecord } from '../../infra/local/cluster-record.ts';
import { dataDirectory } from '../../infra/local/data-directory.ts';
import { startContainerd, type RunningContainerd } from '../../infra/local/hosts/containerd.ts';
import type { Host } from '../../infra/local/hosts/host.ts';
import { openFabric } from '../../infra/local/real-nodes.ts';
import { importImages, buildImages } from '../../infra/images/build.ts';
import { runCommandLine, startCluster, type TestCluster } from '../support/cluster-process.ts';
import { eventually } from '../support/eventually.ts';
import { imageFiles, reasonToSkipContainers } from '../support/real-nodes.ts';
import { virtualWorld } from '../support/virtual-world.ts';

const program = join(import.meta.dirname, '../../infra/cli/main.ts');

const pod = `
apiVersion: v1
kind: Pod
metadata: { name: guest, labels: { app: guest } }
spec:
  nodeSelector: { kubernetes.io/hostname: joined }
  terminationGracePeriodSeconds: 1
  containers: [{ name: shell, image: 'busybox:1.36', command: [sh, -c, 'echo hello from here; sleep 100000'] }]
`;

interface Joining {
  readonly child: ChildProcess;
  output(): string;
}

describe('a machine that joins', { skip: await reasonToSkipContainers() }, () => {
  let cluster: TestCluster;
  let host: Host;
  let containerd: RunningContainerd;
  let machine: string;
  let command: readonly string[];
  let script = '';
  let joining: Joining | undefined;

  before(async () => {
    cluster = await startCluster({ nodes: 1, runtime: 'containerd', images: await imageFiles() });
    const directory = dataDirectory(cluster.directory);
    const record = clusterRecord(directory)!;
    const fabric = await openFabric(directory, record.id, virtualWorld().log);
    host = await fabric.addHost('joined');
    machine = join(cluster.directory, 'machine');
    mkdirSync(join(machine, 'programs'), { recursive: true });
    const program = await bundleAgent(join(machine, 'programs/agent.mjs'));
    appendFileSync(program, '// An older one.\n');
    containerd = await startContainerd(host, join(machine, 'containerd'));
    await importImages(containerd.socket, await buildImages());
    const printedLines = (await cluster.hibernetes('token', 'create', '--ttl', '1h', '--description', 'for the test')).split('\n');
    const [line = '', scriptLine = ''] = printedLines;
    const printed = line.split(' ');
    assert.deepEqual(printed.slice(0, 2), ['hibernetes', 'join']);
    // The machine reaches the API by the fabric, not by the loopback address of the kubeconfig.
    command = ['join', `https://${fabric.gateway}:${record.port}`, ...printed.slice(3)];
    script = scriptLine.replace('127.0.0.1', fabric.gateway);
  });
  after(async () => {
    await leave();
    await cluster?.remove();
  });

  const flags = (): Record<string, string> => ({
    '--name': 'joined',
    '--config-dir': join(machine, 'etc'),
    '--root-directory': join(machine, 'agent'),
    '--program-directory': join(machine, 'programs'),
    '--log-directory': join(machine, 'log'),
    '--containerd-config': join(host.runDirectory, 'config.toml'),
    '--cgroup-root': host.cgroupParent,
  });
  const places = (): string[] => ['--foreground', ...Object.entries(flags()).flat()];

  const start = (args: readonly string[]): Joining => startHere([process.execPath, program, ...args]);

  /** The printed line, on a machine without Node and with nothing of ours: both directories are empty there. */
  function startScript(): Joining {
    const [fetch = '', words = ''] = script.split(' | sh -s - ');
    const own = Object.entries(flags()).filter(([name]) => name !== '--program-directory');
    const line = `${fetch} -o /opt/join.sh && exec sh /opt/join.sh ${words} --foreground ${own.flat().join(' ')}`;
    const emptied = ['/opt', '/usr/local/bin'].map((directory) => `mount -t tmpfs tmpfs ${directory}`).join(' && ');
    return startHere(['unshare', '--mount', 'env', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'sh', '-c', `${emptied} && ${line}`]);
  }

  function startHere(words: readonly string[]): Joining {
    const child = spawn('nsenter', [`--net=${host.netns}`, '--', ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
    return { child, output: () => output };
  }

  async function leave(): Promise<void> {
    if (joining === undefined || joining.child.exitCode !== null) return;
    const ended = once(joining.child, 'exit');
    joining.child.kill('SIGTERM');
    await ended;
  }

  const refusal = async (...args: string[]): Promise<string> => {
    const { child, output } = start([...args, ...places()]);
    const [code] = (await once(child, 'close')) as [number];
    assert.equal(code, 1, output());
    return (
      output()
        .split('\n')
        .find((line) => line.startsWith('error: ')) ?? output()
    );
  };

  test('join refuses a wrong hash, a certificate without a hash and a wrong token, each with its own error', async () => {
    const [, server = '', , token = ''] = command;
    const wrongHash = `sha256:${'0'.repeat(64)}`;
    assert.equal(
      await refusal('join', server, '--token', token, '--ca-cert-hash', wrongHash),
      'error: The server is not the one that was asked for: none of its certificates has the public key of --ca-cert-hash.',
    );
    assert.equal(
      await refusal(...command.map((word) => (word === token ? 'aaaaaa.aaaaaaaaaaaaaaaa' : word))),
      'error: The server does not know the token, or its time is over.',
    );
    assert.match(await refusal('join', server, '--token', token), /^error: The server cannot be talked to: .*certificate/);
    assert.equal(existsSync(join(machine, 'etc/token')), false);
  });

  test('a machine that joins becomes a Ready node and runs a pod, by one command', async () => {
    joining = start([...command, ...places()]);
    try {
      await eventually(() => cluster.kubectl.ok('wait', '--for=condition=Ready', 'node/joined', '--timeout=5s'));
      const { code, stderr } = await cluster.kubectl.run(['apply', '-f', '-'], { input: pod });
      assert.equal(code, 0, stderr);
      await cluster.kubectl.ok('wait', '--for=condition=Ready', 'pod/guest', '--timeout=240s');
    } catch (error) {
      process.stderr.write(joining.output());
      throw error;
    }
    assert.equal(await cluster.kubectl.ok('logs', 'guest'), 'hello from here\n');
    assert.equal((await cluster.kubectl.ok('get', 'pod', 'guest', '-o', 'jsonpath={.spec.nodeName}')).trim(), 'joined');
    const { status } = await cluster.kubectl.json<{ status: { addresses: { address: string }[] } }>('get', 'node', 'joined');
    assert.equal(status.addresses[0]?.address, host.address);
  });

  test('a machine that joins will not join twice, and its name is taken for others', async () => {
    assert.equal(await refusal(...command), 'error: This machine is the node joined already.');
    const elsewhere = [...command, ...places()].map((word) => (word === join(machine, 'etc') ? join(machine, 'other') : word));
    const { child, output } = start(elsewhere);
    await once(child, 'close');
    assert.match(output(), /error: The server refused: nodes "joined" already exists and has been in use: delete it first/);
  });

  test('gets the agent that the control plane serves, and its pods run on', async () => {
    const facts = [
      'get',
      'pod',
      'guest',
      '-o',
      'jsonpath={.status.containerStatuses[0].containerID} {.status.containerStatuses[0].restartCount}',
    ];
    const before = await cluster.kubectl.ok(...facts);
    const program = join(machine, 'programs/agent.mjs');
    const older = readFileSync(program, 'utf8');
    const printed = await cluster.hibernetes('upgrade', 'agents', '--node', 'joined');
    assert.match(printed, /^✓ Upgrading the agent of joined from [0-9a-f]{12} to [0-9a-f]{12} /);
    assert.equal(`${readFileSync(program, 'utf8')}// An older one.\n`, older);
    assert.equal(existsSync(`${program}.trial`), false);
    assert.equal(await cluster.kubectl.ok(...facts), before);
    assert.equal(await cluster.kubectl.ok('exec', 'guest', '--', 'echo', 'here'), 'here\n');
    assert.match(await cluster.hibernetes('upgrade', 'agents'), /^i All 1 agents run [0-9a-f]{12} already\.$/m);
  });

  test('leaves by one command: its pods move, and nothing of the node is left', async () => {
    const looks = (...words: string[]): Promise<string> => host.run(words);
    assert.match(await looks('nft', 'list', 'tables'), /hibernetes_/);
    const { child, output } = start(['leave', '--config-dir', join(machine, 'etc'), '--program-directory', join(machine, 'programs')]);
    const [code] = (await once(child, 'close')) as [number];
    assert.equal(code, 0, output());
    assert.match(output(), /This machine is no node any more, and nothing of it is left\./);
    assert.equal(await looks('nft', 'list', 'tables'), '');
    const links = JSON.parse(await looks('ip', '-j', 'link', 'show')) as { ifname: string }[];
    assert.deepEqual(
      links.filter(({ ifname }) => ifname.startsWith('cni') || ifname.startsWith('veth') || ifname === 'nodelocaldns'),
      [],
    );
    assert.deepEqual(
      ['etc', 'agent', 'programs', 'log/pods'].filter((name) => existsSync(join(machine, name))),
      [],
    );
    assert.equal((await looks('ctr', '--address', containerd.socket, '--namespace', 'k8s.io', 'containers', 'list', '-q')).trim(), '');
    assert.deepEqual(globSync(`/sys/fs/cgroup/{*/,}${host.cgroupParent}/kubepods`), []);
    assert.match((await cluster.kubectl.run(['get', 'node', 'joined'])).stderr, /nodes "joined" not found/);
  });

  test('joins again by one line, without Node and without a clone', async () => {
    joining = startScript();
    try {
      await eventually(() => cluster.kubectl.ok('wait', '--for=condition=Ready', 'node/joined', '--timeout=5s'));
    } catch (error) {
      process.stderr.write(joining.output());
      throw error;
    }
    const { nodeName, program: agent } = JSON.parse(readFileSync(join(machine, 'etc/agent.json'), 'utf8')) as AgentConfig;
    assert.deepEqual([nodeName, agent], ['joined', '/opt/hibernetes/agent.mjs']);
    assert.match(joining.output(), /^Fetching Node \.\.\.$/m);
  });

  test('a machine that joins is out when its Node is deleted', async () => {
    await cluster.kubectl.ok('delete', 'node', 'joined');
    const token = readFileSync(join(machine, 'etc/token'), 'utf8').trim();
    const config = JSON.parse(readFileSync(join(machine, 'etc/agent.json'), 'utf8')) as { server: string; caFile: string };
    const asNode = ['--server', config.server, '--certificate-authority', config.caFile, '--token', token, '--kubeconfig', '/dev/null'];
    const { code, stderr } = await cluster.kubectl.run([...asNode, 'get', 'nodes']);
    assert.equal(code, 1);
    assert.match(stderr, /You must be logged in to the server/);
  });

  test('a token can be listed and taken back', async () => {
    const id = (command[3] ?? '').split('.')[0] ?? '';
    const rows = (await cluster.hibernetes('token', 'list')).trimEnd().split('\n');
    assert.match(rows[0] ?? '', /^ID +EXPIRES +DESCRIPTION$/);
    assert.match(rows[1] ?? '', new RegExp(`^${id} +\\S+Z +for the test$`));
    assert.equal(await cluster.hibernetes('token', 'delete', id), `token ${id} deleted\n`);
    assert.equal(await cluster.hibernetes('token', 'list'), 'There are no tokens.\n');
    const { code, stderr } = await runCommandLine(['token', 'delete', id, '--data-dir', cluster.directory]);
    assert.equal(code, 1);
    assert.equal(stderr, `error: There is no token ${id}.\n  hibernetes token list shows those that are there.\n`);
  });
});
