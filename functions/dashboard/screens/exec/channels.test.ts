import assert from 'node:assert/strict';
import { test } from 'node:test';
import { channels, endText, frame, protocolsOf, resizeFrame } from './channels.ts';

test('a frame begins with its channel', () => {
  assert.deepEqual([...frame(channels.stdin, new Uint8Array([104, 105]))], [0, 104, 105]);
  const [channel, ...rest] = resizeFrame(80, 24);
  assert.deepEqual([channel, Buffer.from(rest).toString()], [4, '{"Width":80,"Height":24}']);
});

test('the last frame shows how a program ended', () => {
  assert.equal(endText('{"status":"Success"}'), 'It has ended.');
  assert.equal(endText('{"status":"Failure","message":"exit code 3"}'), 'It has ended: exit code 3');
});

test('the token is one of the protocols, in the alphabet that protocols have', () => {
  const [newest, older, shown = ''] = protocolsOf('a?b>c~é');
  assert.deepEqual([newest, older], ['v5.channel.k8s.io', 'v4.channel.k8s.io']);
  assert.match(shown, /^base64url\.bearer\.authorization\.k8s\.io\.[\w-]+$/);
  assert.equal(Buffer.from(shown.split('.').at(-1) ?? '', 'base64url').toString(), 'a?b>c~é');
});
