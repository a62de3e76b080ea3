/** How many requests the environments of a Web Function take, with real processes. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { realWorld } from '../../../functions/world.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { WebFunction } from './web-function.ts';

/** Answers with a head, and never ends the answer. */
const module = `
import { createServer } from 'node:http';
import { env } from 'node:process';
const [host, port] = env.AWS_LAMBDA_HTTP_ENDPOINT.split(':');
createServer((request, response) => {
  response.writeHead(200);
  response.write('held');
}).listen(Number(port), host);`;

const environments = 8;
const requestsMax = 2;

describe('a Web Function', () => {
  const directory = mkdtempSync(join(tmpdir(), 'hibernetes-web-'));
  const file = join(directory, 'index.mjs');
  writeFileSync(file, module);
  const world = realWorld('error');
  const web = new WebFunction({ module: file, variables: {}, faults: { requestsMax }, world, started: () => undefined });
  const server = createServer((request, response) => web.serve(request, response));
  let url: string;

  before(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  after(async () => {
    server.closeAllConnections();
    server.close();
    await web.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  test('turns away what comes at once and has no room, and starts no more environments than it may', async () => {
    const room = environments * requestsMax;
    const hold = new AbortController();
    const responses = await Promise.all(Array.from({ length: room + 5 }, () => fetch(url, { signal: hold.signal })));
    const codes = responses.map(({ status }) => status).toSorted((a, b) => a - b);
    assert.deepEqual(codes, [...Array<number>(room).fill(200), ...Array<number>(5).fill(429)]);
    assert.equal(web.counts.coldStarts, environments);
    const refused = responses.find(({ status }) => status === 429);
    assert.deepEqual(await refused?.json(), { Message: 'Too Many Requests' });

    hold.abort();
    await eventually(async () => assert.equal((await fetch(url)).status, 200));
    assert.equal(web.counts.coldStarts, environments);
  });
});
