import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import type { LifecycleHandler } from '../../functions/kube/generated/types.ts';
import { nodeOfTest } from '../../test/support/node-context.ts';
import { container } from '../../test/support/node-pod.ts';
import { HookError, runHook } from './hooks.ts';

let status = 200;
const heard: string[] = [];
const server = createServer((request, response) => {
  heard.push(request.url ?? '');
  response.writeHead(status).end();
});
before(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
after(() => server.close());

const port = (): number => (server.address() as AddressInfo).port;
const hook = (handler: LifecycleHandler, exitCode = 0) => {
  const { context, world } = nodeOfTest();
  const execSync = async () => ({ exitCode, stdout: Buffer.from('out '), stderr: Buffer.from('x'.repeat(2000)) });
  const run = { handler, container: container('main'), containerId: 'c', podIp: '127.0.0.1', timeoutSeconds: 5 };
  return { world, done: runHook({ ...context.runtime, execSync }, world.clock, run) };
};
const refused = (handler: LifecycleHandler, message: string, exitCode?: number): Promise<void> =>
  assert.rejects(hook(handler, exitCode).done, (error) => error instanceof HookError && error.message === message);

test('a hook’s command must exit with 0; otherwise the error shows the beginning of its output', async () => {
  await hook({ exec: { command: ['warm', 'up'] } }).done;
  await refused({ exec: { command: ['warm', 'up'] } }, `command 'warm up' exited with 3: out ${'x'.repeat(1020)}`, 3);
});

test('a hook’s HTTP request must be answered with success', async () => {
  await hook({ httpGet: { port: port(), path: '/warm' } }).done;
  assert.deepEqual(heard, ['/warm']);
  status = 500;
  await refused({ httpGet: { port: port() } }, 'HTTP probe failed with statuscode: 500');
});

test('a hook’s TCP port must be open', async () => {
  await hook({ tcpSocket: { port: port() } }).done;
  await refused({ tcpSocket: { port: 1 } }, 'dial tcp 127.0.0.1:1: connect: connection refused');
});

test('a hook’s sleep ends with the hook’s timeout at the latest', async () => {
  for (const [seconds, takes] of [
    [2, 2],
    [60, 5],
  ] as const) {
    const { world, done } = hook({ sleep: { seconds } });
    let isDone = false;
    const ending = done.then(() => (isDone = true));
    await world.advance(takes * 1000 - 1);
    assert.equal(isDone, false);
    await world.advance(1);
    await ending;
  }
});
