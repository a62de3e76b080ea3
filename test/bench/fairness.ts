/**
 * What one user's flood costs the others: p99 of a node's writes and of another user's reads. One run measures with and
 * without the flood by turns, so that a busy machine slows both down. The server is `hibernetes up` in a process of its own, the
 * flood comes from another. `npm run bench:fairness`.
 */
import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterAccess } from '../../functions/client/https-fetch.ts';
import { accessOfKubeconfig } from '../../functions/client/kubeconfig-access.ts';

const rounds = 6;
const roundMs = 2_000;
const floodRequests = 300;
const victimEveryMs = 10;
const objects = 200;

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: object;
  readonly as?: readonly [user: string, ...groups: string[]];
}

type Send = (call: Call) => Promise<number>;

/** As the administrator, who may act as anyone. */
function senderTo({ server, caPem, certificatePem, keyPem }: Access, sockets: number): Send {
  const agent = new Agent({ keepAlive: true, maxSockets: sockets, ca: caPem, cert: certificatePem, key: keyPem });
  return ({ method, path, body, as: [user, ...groups] = ['admin', 'system:masters'] }) =>
    new Promise((resolve, reject) => {
      const headers = {
        'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
        'impersonate-user': user,
        'impersonate-group': groups,
      };
      const sent = httpsRequest(`${server}${path}`, { method, agent, headers }, (answer) => {
        answer.resume();
        answer.once('end', () => resolve(answer.statusCode ?? 0));
      });
      sent.once('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
}

type Access = ClusterAccess;

const everyone = 'system:authenticated';
const configMaps = '/api/v1/namespaces/default/configmaps';
const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
const lease = { metadata: { name: 'node-1', namespace: 'kube-node-lease' }, spec: { holderIdentity: 'node-1', leaseDurationSeconds: 40 } };

/** Reads and writes, as many at once as are asked for, until the parent stops it. */
async function flood(access: Access): Promise<never> {
  const send = senderTo(access, floodRequests);
  let isOn = false;
  let sent = 0;
  process.on('message', (message) => {
    isOn = message === 'on';
    if (isOn) for (let index = 0; index < floodRequests; index += 1) void one();
    else process.send?.({ sent });
  });
  async function one(): Promise<void> {
    while (isOn) {
      sent += 1;
      const name = `flood-${sent % objects}`;
      const read: Call = { method: 'GET', path: `${configMaps}/${name}`, as: ['eve', everyone] };
      const list: Call = { method: 'GET', path: `${configMaps}?limit=50`, as: ['eve', everyone] };
      const write: Call = { method: 'POST', path: configMaps, body: { metadata: { generateName: 'eve-' } }, as: ['eve', everyone] };
      await send([read, list, write, read][sent % 4] ?? read).catch(() => 0);
    }
  }
  return once(process, 'disconnect').then(() => process.exit(0));
}

interface Samples {
  readonly node: number[];
  readonly reader: number[];
}

async function sample(send: Send, into: Samples): Promise<void> {
  const endMs = performance.now() + roundMs;
  const victim = async (call: Call, times: number[]): Promise<void> => {
    while (performance.now() < endMs) {
      const startedMs = performance.now();
      const code = await send(call);
      times.push(performance.now() - startedMs);
      if (code >= 300) throw new Error(`${call.method} ${call.path} was answered with ${code}`);
      await new Promise((resolve) => void setTimeout(resolve, victimEveryMs));
    }
  };
  const renewed = { ...lease, spec: { ...lease.spec, renewTime: new Date().toISOString().replace('Z', '000Z') } };
  await Promise.all([
    victim({ method: 'PATCH', path: `${leases}/node-1`, body: renewed, as: ['system:node:node-1', 'system:nodes', everyone] }, into.node),
    victim({ method: 'GET', path: `${configMaps}/flood-1`, as: ['alice', everyone] }, into.reader),
  ]);
}

const percentile = (times: readonly number[], share: number): number =>
  times.toSorted((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN;

function report(quiet: Samples, flooded: Samples): void {
  for (const who of ['node', 'reader'] as const) {
    const figures = [0.5, 0.9, 0.99].map((share) => {
      const [before, during] = [percentile(quiet[who], share), percentile(flooded[who], share)];
      return `p${share * 100} ${before.toFixed(1)} → ${during.toFixed(1)} ms (${(during / before).toFixed(2)}×)`;
    });
    process.stdout.write(`${who}: ${figures.join(', ')}; ${quiet[who].length} and ${flooded[who].length} requests\n`);
  }
}

async function prepare(send: Send): Promise<void> {
  for (let index = 0; index < objects; index += 1) {
    await send({ method: 'POST', path: configMaps, body: { metadata: { name: `flood-${index}` }, data: { a: 'x'.repeat(500) } } });
  }
  const roles = '/apis/rbac.authorization.k8s.io/v1/namespaces/default';
  const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['*'] }];
  await send({ method: 'POST', path: `${roles}/roles`, body: { metadata: { name: 'all' }, rules } });
  const subjects = ['eve', 'alice'].map((name) => ({ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name }));
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'all' };
  await send({ method: 'POST', path: `${roles}/rolebindings`, body: { metadata: { name: 'all' }, roleRef, subjects } });
  await send({ method: 'POST', path: '/api/v1/nodes', body: { metadata: { name: 'node-1' } } });
  await send({ method: 'POST', path: leases, body: lease });
}

async function main(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'hibernetes-fairness-'));
  const cli = join(import.meta.dirname, '../../infra/cli/main.ts');
  const hibernetes = (...words: readonly string[]): void =>
    void spawnSync(process.execPath, [cli, ...words, '--data-dir', directory], { stdio: 'inherit' });
  hibernetes('up', '--nodes', '0', '--runtime', 'simulated', '--listen', '127.0.0.1:0', '--detach');
  const access = accessOfKubeconfig(join(directory, 'kubeconfig'));
  const crowd = fork(import.meta.filename, ['flood', JSON.stringify(access)], { stdio: 'inherit' });
  try {
    const send = senderTo(access, 4);
    await prepare(send);
    const quiet: Samples = { node: [], reader: [] };
    const flooded: Samples = { node: [], reader: [] };
    await sample(send, { node: [], reader: [] });
    for (let round = 0; round < rounds; round += 1) {
      await sample(send, quiet);
      crowd.send('on');
      await sample(send, flooded);
      crowd.send('off');
      const [counted] = await once(crowd, 'message');
      process.stdout.write(`round ${round + 1}: the flood sent ${(counted as { sent: number }).sent} requests so far\n`);
    }
    report(quiet, flooded);
  } finally {
    crowd.disconnect();
    hibernetes('down', '--delete-data');
    rmSync(directory, { recursive: true, force: true });
  }
}

if (process.argv[2] === 'flood') await flood(JSON.parse(process.argv[3] ?? '') as Access);
else await main();
