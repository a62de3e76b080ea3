import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { test } from 'node:test';
import { clusterIdHeader, readIamToken } from '../../functions/cloud/iam-token.ts';
import { presignedToken } from './cloud-token.ts';

const nowMs = Date.parse('2026-01-01T00:10:00Z');
const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret/+=', sessionToken: 'session/+=' };
const make = (region: string): Promise<string> => presignedToken({ iamClusterId: 'default-1', region, credentials, nowMs });

test('the API reads our token as it reads one of the aws command line, for fifteen minutes', async () => {
  const read = readIamToken(await make('eu-west-1'), nowMs);
  assert.equal(read?.expiresMs, nowMs + 15 * 60_000);
  assert.equal(new URL(read.url).host, 'sts.eu-west-1.amazonaws.com');
  assert.equal(new URL(read.url).searchParams.get('X-Amz-SignedHeaders'), 'host;x-k8s-aws-id');
});

test('in China the token service has another domain', async () => {
  assert.match(readIamToken(await make('cn-north-1'), nowMs)?.url ?? '', /^https:\/\/sts\.cn-north-1\.amazonaws\.com\.cn\/\?/);
});

/** Signature version 4 of the request that the API sends, by its specification. */
function signatureOf(url: URL, clusterId: string): string {
  const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
  const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
  const encode = (text: string): string =>
    encodeURIComponent(text).replaceAll(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
  const query = [...url.searchParams]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
  const canonical = `GET\n/\n${query}\nhost:${url.host}\n${clusterIdHeader}:${clusterId}\n\nhost;${clusterIdHeader}\n${hash('')}`;
  const date = url.searchParams.get('X-Amz-Date')!;
  const [, day, region, service, end] = url.searchParams.get('X-Amz-Credential')!.split('/');
  const key = [day!, region!, service!, end!].reduce<string | Buffer>(hmac, `AWS4${credentials.secretAccessKey}`);
  return hmac(key, `AWS4-HMAC-SHA256\n${date}\n${day}/${region}/${service}/${end}\n${hash(canonical)}`).toString('hex');
}

test('its signature is that of the request with the header of the cluster, and of no other', async () => {
  const url = new URL(readIamToken(await make('eu-west-1'), nowMs)!.url);
  assert.equal(url.searchParams.get('X-Amz-Signature'), signatureOf(url, 'default-1'));
  assert.notEqual(url.searchParams.get('X-Amz-Signature'), signatureOf(url, 'default-2'));
});

test('it is, to the letter, the token of the aws command line', async () => {
  // Source: aws-cli 1.45.11, aws eks get-token.
  const theirs = [
    'https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256',
    '&X-Amz-Credential=AKIA%2F20261121%2Feu-west-1%2Fsts%2Faws4_request&X-Amz-Date=20261121T033510Z&X-Amz-Expires=60',
    '&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id&X-Amz-Signature=077868b34233e3d910023bbd3fda64b2a102912a21cdc75ad6a0df3124060b81',
  ].join('');
  const ours = await presignedToken({
    iamClusterId: 'default-51af3dc0-da77-11e4-872e-1234567db123',
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIA', secretAccessKey: 'b' },
    nowMs: Date.parse('2026-11-21T03:35:10Z'),
  });
  assert.equal(Buffer.from(ours.replace('k8s-aws-v1.', ''), 'base64url').toString('utf8'), theirs);
});
