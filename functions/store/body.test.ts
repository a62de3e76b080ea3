import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32, deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { blobBody, blobHash, damagedBody, decodeBody, encodeBody, jsonLength } from './body.ts';
import { dictionaries } from './dictionary.ts';
import { StoreError } from './store.ts';

test('reads back what it wrote', () => {
  fc.assert(
    fc.property(fc.json(), fc.string({ unit: 'grapheme' }), (json, text) => {
      const object = { metadata: { name: text }, spec: JSON.parse(json) as unknown };
      const body = encodeBody(JSON.stringify(object));
      assert.deepEqual(decodeBody(body, 'x'), JSON.parse(JSON.stringify(object)));
    }),
  );
});

test('makes a small pod much smaller', () => {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web-5d9c7b6f4-x2x7k', generateName: 'web-5d9c7b6f4-', namespace: 'default', labels: { app: 'web' } },
    spec: {
      containers: [{ name: 'web', image: 'nginx', terminationMessagePath: '/dev/termination-log', imagePullPolicy: 'IfNotPresent' }],
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
    },
  };
  const json = JSON.stringify(pod);
  assert.ok(encodeBody(json).length < json.length / 2.5, `${encodeBody(json).length} of ${json.length}`);
});

test('reads plain JSON too', () => {
  assert.deepEqual(decodeBody(Buffer.from('\u0000{"metadata":{}}'), 'x'), { metadata: {} });
});

test('shows the length of its JSON without reading it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 5000 }), (text) => {
      const json = JSON.stringify({ metadata: { name: text } });
      assert.equal(jsonLength(encodeBody(json)), Buffer.byteLength(json));
    }),
  );
  assert.equal(jsonLength(Buffer.from('\u0000{"metadata":{}}')), 15);
});

test('reads bodies that do not hold their length, as they were written before', () => {
  const json = Buffer.from('{"metadata":{"name":"ä"}}');
  const head = Buffer.alloc(5);
  head.writeUInt8(1, 0);
  head.writeUInt32BE(crc32(json), 1);
  const body = Buffer.concat([head, deflateRawSync(json, { dictionary: dictionaries.get(1)! })]);
  assert.equal(jsonLength(body), undefined);
  assert.deepEqual(decodeBody(body, 'x'), { metadata: { name: 'ä' } });
});

test('reading a body with a damaged length allocates no memory for it', () => {
  const body = Buffer.from(encodeBody('{"metadata":{}}'));
  body.writeUInt32BE(0xff_ff_ff_ff, 5);
  assert.throws(() => decodeBody(body, 'log entry 7'), new StoreError('corrupt', 'log entry 7 cannot be read: its length is wrong'));
});

test('names the item that it cannot read', () => {
  const body = Buffer.from(encodeBody('{"metadata":{"name":"a"}}'));
  const checksum = Buffer.from(body);
  checksum.writeUInt8(checksum.readUInt8(2) ^ 1, 2);
  const text = 'log entry 7, pods default/a cannot be read: its checksum is wrong';
  assert.throws(() => decodeBody(checksum, 'log entry 7, pods default/a'), new StoreError('corrupt', text));
  assert.throws(
    () => decodeBody(body.subarray(0, 8), 'log entry 7'),
    (error) => error instanceof StoreError && error.code === 'corrupt',
  );
  body.writeUInt8(9, 0);
  const unknown = 'log entry 7 was written with dictionary 9, which this version does not know';
  assert.throws(() => decodeBody(body, 'log entry 7'), new StoreError('wrong-format', unknown));
});

test('points to a blob by its hash', () => {
  const { hash, reference } = blobBody(encodeBody('{}'), 'nonce');
  assert.match(hash, /^[0-9a-f]{32}$/);
  assert.equal(blobHash(reference), hash);
  assert.notEqual(blobBody(encodeBody('{}'), 'another nonce').hash, hash);
  assert.equal(blobHash(encodeBody('{}')), undefined);
});

test('marks a lost body so that every version finds that one object corrupt', () => {
  assert.equal(damagedBody[0], 1, 'the first dictionary, which all versions know');
  assert.throws(() => decodeBody(damagedBody, 'x'), { code: 'corrupt', message: 'x cannot be read: unexpected end of file' });
});
