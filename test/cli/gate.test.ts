/** The plug-in and the gate as programs, before an API that records as whom it is asked. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parse } from 'yaml';
import { runCommandLine } from '../support/cluster-process.ts';
import { kubeconfig } from '../../infra/local/kubeconfig.ts';
import { runningGate } from '../../infra/cli/gate/gate-home.ts';

interface GateFile {
  readonly clusters: readonly [{ readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string } }];
  readonly users: readonly [{ readonly user: { readonly exec: { readonly args: readonly string[] } } }];
}

interface Credential {
  readonly kind: string;
  readonly status: { readonly token: string; readonly expirationTimestamp: string };
}

describe('a gate for kubectl on functions', () => {
  let api: Server;
  let directory: string;
  const asked: (string | undefined)[] = [];
  const home = (): string => join(directory, 'gate');

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'gate-'));
    api = createServer((message, response) => {
      asked.push(message.headers.authorization);
      response.end('from the API');
    });
    api.listen(0, '127.0.0.1');
    await once(api, 'listening');
    const { port } = api.address() as AddressInfo;
    const names = { clusterName: 'c', userName: 'u', server: `http://127.0.0.1:${port}`, caPem: '' };
    writeFileSync(join(directory, 'direct'), kubeconfig({ ...names, credential: { token: 'of the cluster' } }));
  });
  after(async () => {
    end();
    api.closeAllConnections();
    api.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const end = (): void => void process.kill(runningGate(home())?.pid ?? 0, 'SIGKILL');

  async function gateFile(): Promise<GateFile> {
    const { code, stdout, stderr } = await runCommandLine([
      'gate',
      'kubeconfig',
      '--kubeconfig',
      join(directory, 'direct'),
      '--home',
      home(),
    ]);
    assert.deepEqual([code, stderr], [0, '']);
    return parse(stdout) as GateFile;
  }

  async function credential(): Promise<Credential> {
    const { code, stdout, stderr } = await runCommandLine(['gate', 'credential', '--home', home()]);
    assert.deepEqual([code, stderr], [0, '']);
    return JSON.parse(stdout) as Credential;
  }

  async function ask({ clusters }: GateFile, token: string): Promise<number | undefined> {
    const [{ cluster }] = clusters;
    const ca = Buffer.from(cluster['certificate-authority-data'], 'base64').toString();
    const call = request(`${cluster.server}/version`, { ca, headers: { authorization: `Bearer ${token}` }, agent: false });
    call.end();
    const [answer] = (await once(call, 'response')) as [IncomingMessage];
    answer.resume();
    return answer.statusCode;
  }

  test('starts with the first credential, signs its holder in, and comes back at its port after kill -9', async () => {
    const file = await gateFile();
    assert.deepEqual(file.users[0].user.exec.args.slice(1), ['gate', 'credential', '--home', home()]);
    const first = await credential();
    assert.equal(first.kind, 'ExecCredential');
    assert.ok(Date.parse(first.status.expirationTimestamp) > 0);
    assert.equal(await ask(file, first.status.token), 200);
    assert.equal(await ask(file, 'a guess'), 401);
    assert.deepEqual(asked, ['Bearer of the cluster']);
    assert.equal((await credential()).status.token, first.status.token);

    end();
    const second = await credential();
    assert.notEqual(second.status.token, first.status.token);
    assert.deepEqual([await ask(file, first.status.token), await ask(file, second.status.token)], [401, 200]);
    assert.deepEqual(await gateFile(), file);
  });
});
