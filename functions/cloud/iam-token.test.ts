import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readIamToken } from './iam-token.ts';

const nowMs = Date.parse('2026-01-01T00:10:00Z');
const query = {
  Action: 'GetCallerIdentity',
  Version: '2011-06-15',
  'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
  'X-Amz-Credential': 'AKIAIOSFODNN7EXAMPLE/20260101/eu-west-1/sts/aws4_request',
  'X-Amz-Date': '20260101T000000Z',
  'X-Amz-Expires': '60',
  'X-Amz-SignedHeaders': 'host;x-k8s-aws-id',
  'X-Amz-Signature': 'a'.repeat(64),
};

const tokenOf = (url: string): string => `k8s-aws-v1.${Buffer.from(url).toString('base64url')}`;
const urlOf = (changes: Record<string, string> = {}, origin = 'https://sts.eu-west-1.amazonaws.com/'): string =>
  `${origin}?${new URLSearchParams({ ...query, ...changes }).toString()}`;
const read = (url: string) => readIamToken(tokenOf(url), nowMs);

test('a token is good for fifteen minutes after it was signed', () => {
  assert.deepEqual(read(urlOf()), { url: urlOf(), expiresMs: Date.parse('2026-01-01T00:15:00Z') });
  assert.equal(readIamToken(tokenOf(urlOf()), Date.parse('2026-01-01T00:15:01Z')), undefined);
});

test('only the token service itself is ever asked', () => {
  for (const [origin, region] of [
    ['https://sts.amazonaws.com/', 'us-east-1'],
    ['https://sts-fips.us-gov-west-1.amazonaws.com/', 'us-gov-west-1'],
    ['https://sts.cn-north-1.amazonaws.com.cn/', 'cn-north-1'],
    ['https://sts.eu-west-1.api.aws/', 'eu-west-1'],
  ] as const)
    assert.ok(read(urlOf({ 'X-Amz-Credential': `AKIAIOSFODNN7EXAMPLE/20260101/${region}/sts/aws4_request` }, origin)), origin);
  for (const origin of [
    'http://sts.amazonaws.com/',
    'https://sts.amazonaws.com:8443/',
    'https://sts.amazonaws.com/other',
    'https://sts.amazonaws.com.example.com/',
    'https://example.com/sts.amazonaws.com',
    'https://sts.evil.com/',
    'https://sts.xx-nowhere-1.amazonaws.com/',
    'https://sts.eu-west-1.amazonaws.com.cn/',
    'https://me@sts.amazonaws.com/',
    'https://s3.eu-west-1.amazonaws.com/',
  ])
    assert.equal(read(urlOf({}, origin)), undefined, origin);
});

test('another question, an unsigned cluster, a name twice or one too many is refused', () => {
  assert.equal(read(urlOf({ Action: 'AssumeRole' })), undefined);
  assert.equal(read(urlOf({ 'X-Amz-SignedHeaders': 'host' })), undefined);
  assert.equal(read(urlOf({ 'X-Amz-Expires': '901' })), undefined);
  assert.equal(read(urlOf({ 'X-Amz-Date': 'yesterday' })), undefined);
  assert.equal(read(urlOf({ RoleArn: 'x' })), undefined);
  assert.equal(read(`${urlOf()}&action=GetCallerIdentity`), undefined);
});

test('what is no such token is not read', () => {
  for (const token of ['', 'eyJhbGciOi', 'k8s-aws-v1.', 'k8s-aws-v1.%%%', `k8s-aws-v1.${'a'.repeat(5000)}`])
    assert.equal(readIamToken(token, nowMs), undefined);
});

test('what has not the form of a signature is not asked about', () => {
  const credential = (text: string) => urlOf({ 'X-Amz-Credential': text });
  for (const url of [
    credential('AKIA/20260101/eu-west-1/sts/aws4_request'),
    credential('AKIAIOSFODNN7EXAMPLE/20251231/eu-west-1/sts/aws4_request'),
    credential('AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/sts/aws4_request'),
    credential('AKIAIOSFODNN7EXAMPLE/20260101/eu-west-1/s3/aws4_request'),
    urlOf({ 'X-Amz-Signature': 'abc' }),
    urlOf({ 'X-Amz-Date': '20260101T003000Z' }),
  ])
    assert.equal(read(url), undefined, url);
});
