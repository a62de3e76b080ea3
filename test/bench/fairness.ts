/**
 * What one user's flood costs the others: p99 of a node's writes and of another user's reads. One run measures with and
 * without the flood by turns, so that a busy machine slows both down. The server is `hibernetes up` in a process of its own, the
 * flood comes from another, whose priority is low: the processor that a flood computes on is not the server's.
 * `npm run bench:fairness [-- --against DIRECTORY]`: a server of another checkout takes turns with that of this one.
 */
import { fork, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request as httpsRequest } from 'node:https';
import { constants, setPriority, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { ClusterAccess } from '../../functions/client/https-fetch.ts';
import { accessOfKubeconfig } from '../../functions/client/kubeconfig-access.ts';
import { tokenPath } from '../../functions/node-protocol/node-poll.ts';

const rounds = 6;
const roundMs = 2_000;
/** More than the queues of one user hold: some wait, some are turned away and come again. */
const floodRequests = 600;
const victimEveryMs = 10;
const objects = 200;

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: object;
}

interface Answer {
  readonly code: number;
  readonly text: string;
}

type Send = (call: Call) => Promise<Answer>;

function senderTo({ server, caPem, certificatePem, keyPem, token }: ClusterAccess, sockets: number): Send {
  const agent = new Agent({ keepAlive: true, maxSockets: sockets, ca: caPem, cert: certificatePem, key: keyPem });
  return ({ method, path, body }) =>
    new Promise((resolve, reject) => {
      const headers = {
        'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      };
      const sent = httpsRequest(`${server}${path}`, { method, agent, headers }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => (text += part));
        answer.once('end', () => resolve({ code: answer.statusCode ?? 0, text }));
      });
      sent.once('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
}

const core = '/api/v1/namespaces/default';
const configMaps = `${core}/configmaps`;
const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
const lease = { metadata: { name: 'node-1', namespace: 'kube-node-lease' }, spec: { holderIdentity: 'node-1', leaseDurationSeconds: 40 } };

/** Reads and writes, as many at once as are asked for, until the parent stops it. */
async function flood(access: ClusterAccess): Promise<never> {
  setPriority(constants.priority.PRIORITY_LOW);
  const send = senderTo(access, floodRequests);
  let isOn = false;
  let sent = 0;
  const codes = new Map<number, number>();
  process.on('message', (message) => {
    isOn = message === 'on';
    if (isOn) for (let index = 0; index < floodRequests; index += 1) void one();
    else process.send?.({ sent, codes: [...codes].toSorted(([a], [b]) => a - b) });
  });
  async function one(): Promise<void> {
    while (isOn) {
      sent += 1;
      const name = `flood-${sent % objects}`;
      const read: Call = { method: 'GET', path: `${configMaps}/${name}` };
      const list: Call = { method: 'GET', path: `${configMaps}?limit=50` };
      const write: Call = { method: 'POST', path: configMaps, body: { metadata: { generateName: 'eve-' } } };
      const { code } = await send([read, list, write, read][sent % 4] ?? read).catch(() => ({ code: 0 }));
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
  }
  return once(process, 'disconnect').then(() => process.exit(0));
}

interface Samples {
  readonly node: number[];
  readonly reader: number[];
}

type Victims = Readonly<Record<keyof Samples, Send>>;

async function sample(victims: Victims, into: Samples): Promise<void> {
  const endMs = performance.now() + roundMs;
  const victim = async (send: Send, call: Call, times: number[]): Promise<void> => {
    while (performance.now() < endMs) {
      const startedMs = performance.now();
      const { code, text } = await send(call);
      times.push(performance.now() - startedMs);
      if (code >= 300) throw new Error(`${call.method} ${call.path} was answered with ${code}: ${text}`);
      await new Promise((resolve) => void setTimeout(resolve, victimEveryMs));
    }
  };
  const renewed = { ...lease, spec: { ...lease.spec, renewTime: new Date().toISOString().replace('Z', '000Z') } };
  await Promise.all([
    victim(victims.node, { method: 'PATCH', path: `${leases}/node-1`, body: renewed }, into.node),
    victim(victims.reader, { method: 'GET', path: `${configMaps}/flood-1` }, into.reader),
  ]);
}

const percentile = (times: readonly number[], share: number): number =>
  times.toSorted((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN;

function report({ name, quiet, flooded }: Measured): void {
  for (const who of ['node', 'reader'] as const) {
    const figures = [0.5, 0.9, 0.99].map((share) => {
      const [before, during] = [percentile(quiet[who], share), percentile(flooded[who], share)];
      return `p${share * 100} ${before.toFixed(1)} → ${during.toFixed(1)} ms (${(during / before).toFixed(2)}×)`;
    });
    process.stdout.write(`${name}, ${who}: ${figures.join(', ')}; ${quiet[who].length} and ${flooded[who].length} requests\n`);
  }
}

/** Each user has credentials of its own, as in a cluster. */
async function prepare(access: ClusterAccess): Promise<Victims & { readonly eve: ClusterAccess }> {
  const admin = senderTo(access, 1);
  const create = async (path: string, body: object): Promise<string> => {
    const { code, text } = await admin({ method: 'POST', path, body });
    if (code !== 201) throw new Error(`POST ${path} was answered with ${code}`);
    return text;
  };
  for (let index = 0; index < objects; index += 1)
    await create(configMaps, { metadata: { name: `flood-${index}` }, data: { a: 'x'.repeat(500) } });
  const roles = '/apis/rbac.authorization.k8s.io/v1/namespaces/default';
  await create(`${roles}/roles`, { metadata: { name: 'all' }, rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['*'] }] });
  const subjects = ['eve', 'alice'].map((name) => ({ kind: 'ServiceAccount', name, namespace: 'default' }));
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'all' };
  await create(`${roles}/rolebindings`, { metadata: { name: 'all' }, roleRef, subjects });
  await create(leases, lease);
  const { certificatePem: _, keyPem: __, ...server } = access;
  const withToken = async (path: string): Promise<ClusterAccess> => {
    const { status } = JSON.parse(await create(path, {})) as { status: { token: string } };
    return { ...server, token: status.token };
  };
  const userOf = async (name: string): Promise<ClusterAccess> => {
    await create(`${core}/serviceaccounts`, { metadata: { name } });
    return withToken(`${core}/serviceaccounts/${name}/token`);
  };
  return {
    node: senderTo(await withToken(tokenPath('node-1')), 2),
    reader: senderTo(await userOf('alice'), 2),
    eve: await userOf('eve'),
  };
}

interface Measured {
  readonly name: string;
  readonly victims: Victims;
  readonly crowd: ChildProcess;
  readonly quiet: Samples;
  readonly flooded: Samples;
  stop(): void;
}

const noSamples = (): Samples => ({ node: [], reader: [] });

async function started(name: string, checkout: string): Promise<Measured> {
  const directory = mkdtempSync(join(tmpdir(), 'hibernetes-fairness-'));
  const hibernetes = (...words: readonly string[]): void =>
    void spawnSync(process.execPath, [join(checkout, 'infra/cli/main.ts'), ...words, '--data-dir', directory], { stdio: 'inherit' });
  hibernetes('up', '--nodes', '0', '--runtime', 'simulated', '--listen', '127.0.0.1:0', '--detach');
  const stop = (): void => {
    hibernetes('down', '--delete-data');
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const { eve, ...victims } = await prepare(accessOfKubeconfig(join(directory, 'kubeconfig')));
    const crowd = fork(import.meta.filename, ['flood', JSON.stringify(eve)], { stdio: 'inherit' });
    await sample(victims, noSamples());
    return { name, victims, crowd, quiet: noSamples(), flooded: noSamples(), stop };
  } catch (error) {
    stop();
    throw error;
  }
}

async function measure({ name, victims, crowd, quiet, flooded }: Measured): Promise<void> {
  await sample(victims, quiet);
  crowd.send('on');
  await sample(victims, flooded);
  crowd.send('off');
  const [counted] = await once(crowd, 'message');
  process.stdout.write(`${name}: the flood was answered so far ${JSON.stringify(counted)}\n`);
}

async function main(against: string | undefined): Promise<void> {
  const servers: Measured[] = [];
  try {
    if (against !== undefined) servers.push(await started('before', resolve(against)));
    servers.push(await started('now', join(import.meta.dirname, '../..')));
    for (let round = 0; round < rounds; round += 1) for (const server of servers) await measure(server);
    for (const server of servers) report(server);
  } finally {
    for (const { crowd, stop } of servers) {
      crowd.disconnect();
      stop();
    }
  }
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { against: { type: 'string' } } });
if (positionals[0] === 'flood') await flood(JSON.parse(positionals[1] ?? '') as ClusterAccess);
else await main(values.against);
