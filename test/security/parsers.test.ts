/**
 * What a caller sends is read in one pass: the blocks of code that run are counted for texts of one, two and four times
 * the length. Expressions are proved elsewhere (`expressions.test.ts`); the count sees the loops around them.
 */
import { setFlagsFromString } from 'node:v8';
import assert from 'node:assert/strict';
import { Session } from 'node:inspector/promises';
import { after, before, test } from 'node:test';
import { bearerTokenOf } from '../../functions/apiserver/auth/bearer-token.ts';
import { acceptClauses } from '../../functions/apiserver/http/content-negotiation.ts';
import { requestInfoOf } from '../../functions/apiserver/http/request-info.ts';
import { warningHeaders } from '../../functions/apiserver/http/warning-headers.ts';
import { decodeToken } from '../../functions/apiserver/registry/continue-token.ts';
import { rewrittenHtml } from '../../functions/apiserver/proxy/rewritten-links.ts';
import { webSocketHandshake } from '../../functions/apiserver/relay/web-socket-stream.ts';
import { claimedCluster } from '../../functions/cloud/cluster-address.ts';
import { canonicalArn } from '../../functions/cloud/iam-mapping.ts';
import { readIamToken } from '../../functions/cloud/iam-token.ts';
import { parseCertificateRequest } from '../../functions/kube/certificate-request.ts';
import { cronError } from '../../functions/kube/cron.ts';
import { parseDuration } from '../../functions/kube/duration.ts';
import { parseFieldSelector } from '../../functions/kube/fields.ts';
import { parseIp, parseIpRange } from '../../functions/kube/ip.ts';
import { parseJson } from '../../functions/kube/json-document.ts';
import { parseJsonPath } from '../../functions/kube/json-path.ts';
import { parseLabelSelector } from '../../functions/kube/labels.ts';
import * as names from '../../functions/kube/names.ts';
import { pemBlocks } from '../../functions/kube/pem.ts';
import { canonicalQuantity } from '../../functions/kube/quantity.ts';
import { canonicalMicroTime, parseTime } from '../../functions/kube/time.ts';
import { parseYaml } from '../../functions/kube/yaml-document.ts';
import { everyCase } from '../support/every-case.ts';

type Parser = (text: string) => unknown;

const place = { prefix: '/proxy', serverHost: 'a', requestHost: 'b' };
const token = `k8s-aws-v1.${Buffer.from('https://sts.amazonaws.com/?Action=GetCallerIdentity').toString('base64url')}`;

/** A parser, and texts that it takes: the inputs are made from their beginnings. */
const parsers: Readonly<Record<string, readonly [Parser, ...string[]]>> = {
  quantity: [canonicalQuantity, '1.5Gi', '1e3', '-100m'],
  cron: [cronError, '5 4 * * sun', '@every 1h30m', 'TZ=UTC 0-30/5 * * * *'],
  duration: [parseDuration, '1h30m'],
  'JSON path': [parseJsonPath, '.spec.names[0]', `['a.b'][*]`, '[?(@.type=="Ready")].status', '[1:2]'],
  'field selector': [parseFieldSelector, 'metadata.name=web,status.phase!=a\\,b'],
  'label selector': [parseLabelSelector, 'a=b,c in (d, e),!f', 'a.b/c notin (d)'],
  JSON: [parseJson, '{"a":[1,"b\\n",true,{"a":null}],"a":1.50}'],
  YAML: [parseYaml, 'a:\n  - b: "c"\n  - {d: [e, 1]}\n'],
  address: [parseIp, '10.0.0.1', '2001:db8::1'],
  range: [parseIpRange, '10.0.0.0/8', '2001:db8::/32'],
  time: [parseTime, '2026-01-01T00:00:00Z'],
  'exact time': [canonicalMicroTime, '2026-01-01T00:00:00.000000Z'],
  PEM: [pemBlocks, '-----BEGIN A-----\nYQ==\n-----END A-----\n'],
  'certificate request': [parseCertificateRequest, '-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n'],
  'bearer token': [bearerTokenOf, 'Bearer abc.def.ghi'],
  'claimed cluster': [claimedCluster, 'Bearer abc.def.ghi'],
  'token of IAM': [(text) => readIamToken(text, 0), token],
  ARN: [canonicalArn, 'arn:aws:sts::123456789012:assumed-role/role/session'],
  'Accept header': [acceptClauses, 'application/json;as=Table;v=v1;g=meta.k8s.io,*/*;q=0.1'],
  path: [
    (text) => requestInfoOf('GET', new URL(`http://a/${text.replaceAll('#', '')}`)),
    'api/v1/namespaces/a/pods/b/status',
    'apis/a/v1/b?fieldSelector=a%3Db',
  ],
  warning: [(text) => warningHeaders([text, `${text}2`]), 'unknown field "a"'],
  'continue token': [decodeToken, Buffer.from('{"v":"meta.k8s.io/v1","rv":1,"start":"a"}').toString('base64url')],
  page: [(text) => rewrittenHtml(text, place), '<a href="/b">c</a><!-- d --><script>e</script>', `<img src='/a'><p x=y>`],
  'WebSocket protocols': [
    (text) => webSocketHandshake(new Headers({ 'sec-websocket-key': 'k', 'sec-websocket-protocol': text })),
    'v5.channel.k8s.io, base64.channel.k8s.io',
  ],
  'qualified name': [names.qualifiedNameErrors, 'a.b/c-d'],
  'label value': [names.labelValueErrors, 'a-b_c'],
  subdomain: [names.dnsSubdomainErrors, 'a.b-c'],
  'DNS label': [names.dnsLabelErrors, 'a-b'],
  'port name': [names.portNameErrors, 'a-b1'],
  'config key': [names.configKeyErrors, 'a.b_c'],
  'environment name': [names.environmentNameErrors, 'A_B'],
};

const pumps = ['0', 'a', '.', ' ', '"', '\\', '[', '(', ',', '=', '<', '\n', 'a,', '{"', '<a ', '-----BEGIN A'];
const splitsMax = 2;
const lengths = [150, 300, 600] as const;
/** Blocks that run more than the twofold growth allows for: a buffer that doubles, a cut, a threshold. */
const slack = 150;

/** Compilers of V8 count blocks otherwise than its interpreter, and code that is thrown away counts none. */
const steady = ['--no-opt', '--no-maglev', '--no-sparkplug', '--no-flush-bytecode'];

const session = new Session();
before(async () => {
  for (const flag of steady) setFlagsFromString(flag);
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
});
after(async () => {
  await session.post('Profiler.stopPreciseCoverage');
  session.disconnect();
});

/** The blocks of our code, and of what it is built of, that ran since the last count. */
async function blocksRun(): Promise<number> {
  const { result } = await session.post('Profiler.takePreciseCoverage');
  let sum = 0;
  for (const { url, functions } of result) {
    if (url === import.meta.url || url.startsWith('node:')) continue;
    for (const { ranges } of functions) for (const { count } of ranges) sum += count;
  }
  return sum;
}

async function workOf(parser: Parser, text: string): Promise<number> {
  try {
    await parser(text);
  } catch (error) {
    // A refusal is an answer; a stack that is full, or a property of undefined, is none.
    if (error instanceof RangeError || error instanceof ReferenceError) throw error;
    if (error instanceof TypeError && !/ByteString|Invalid URL|header/.test(error.message)) throw error;
  }
  return blocksRun();
}

function* inputsFrom(texts: readonly string[]): Generator<(length: number) => string> {
  for (const text of texts) {
    const splits = Math.min(splitsMax, text.length);
    for (let split = 0; split <= splits; split += 1) {
      const start = text.slice(0, Math.round((split * text.length) / splits));
      for (const pump of pumps) yield (length) => `${start}${pump.repeat(length / pump.length)}!`;
    }
  }
}

for (const [name, [parser, ...texts]] of Object.entries(parsers)) {
  test(`twice the text takes twice the work: ${name}`, async () => {
    // What a first run loads and prepares is not counted.
    for (const text of texts) await workOf(parser, text);
    await everyCase(
      inputsFrom(texts),
      (input) => JSON.stringify(input(20)),
      async (input) => {
        // What runs once, when a kind of text comes for the first time, is no growth: a second count decides.
        const counts = [await countsOf(parser, input)];
        if (!isLinear(counts[0])) counts.push(await countsOf(parser, input));
        assert.ok(isLinear(counts.at(-1)), counts.join('; '));
      },
    );
  });
}

async function countsOf(parser: Parser, input: (length: number) => string): Promise<readonly number[]> {
  const counts: number[] = [];
  for (const length of lengths) counts.push(await workOf(parser, input(length)));
  return counts;
}

function isLinear([once = 0, twice = 0, fourTimes = 0]: readonly number[] = []): boolean {
  return fourTimes - twice <= 2.5 * Math.max(0, twice - once) + slack;
}

test('work that grows with the square is found', async () => {
  const slow: Parser = (text) => {
    // A file of ours, so that its blocks are counted.
    for (let end = text.length; end > 0; end -= 10) parseFieldSelector(text.slice(0, end));
  };
  assert.equal(isLinear(await countsOf(slow, (length) => 'a=b,'.repeat(length / 4))), false);
});
