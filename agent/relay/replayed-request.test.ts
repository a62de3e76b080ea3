import assert from 'node:assert/strict';
import { test } from 'node:test';
import { replayedRequest } from './replayed-request.ts';

const url = new URL('http://127.0.0.1:10010/exec/TOKEN');
const headers = [
  ['Host', 'cluster.example.com'],
  ['Connection', 'Upgrade'],
  ['Upgrade', 'websocket'],
] as const;

test('the client’s request is repeated to the one-time URL, with its upgrade headers', () => {
  const request = { method: 'GET', headers, query: 'command=sh&stdin=true', subresource: 'exec' } as const;
  assert.equal(
    replayedRequest(request, url),
    'GET /exec/TOKEN HTTP/1.1\r\nHost: 127.0.0.1:10010\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  );
});

test('ports to forward are named as the runtime wants them', () => {
  const request = { method: 'GET', headers: [], query: 'ports=80,81&ports=82', subresource: 'portforward' } as const;
  assert.equal(replayedRequest(request, url), 'GET /exec/TOKEN?port=80&port=81&port=82 HTTP/1.1\r\nHost: 127.0.0.1:10010\r\n\r\n');
});
