import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { parseAgentConfig } from '../../agent/config.ts';
import { bootScript } from './boot-script.ts';

const script = bootScript({
  server: 'https://api.example',
  iamClusterId: 'default-1234',
  architecture: 'x86_64',
  networks: { clusterDns: '169.254.20.10', clusterDomain: 'cluster.local', clusterCidr: '10.100.0.0/16', podNetwork: 'vxlan' },
});

/** What a machine would write to a file, with its own facts filled in. */
function written(path: string): string {
  const facts = 'INSTANCE=i-1; ADDRESS=10.0.0.7; REGION=eu-central-1; ZONE=eu-central-1a; TYPE=t3.small; CNI=/opt/cni/bin';
  const start = script.findIndex((line) => line === `cat > ${path} <<END` || line === `cat > ${path} <<'END'`);
  const lines = [script[start]?.replace(` > ${path}`, '') ?? '', ...script.slice(start + 1, script.indexOf('END', start) + 1)];
  const { status, stdout, stderr } = spawnSync('bash', ['--norc', '-euc', [facts, ...lines].join('\n')], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return stdout;
}

test('the script is one that a shell understands', () => {
  const { status, stderr } = spawnSync('bash', ['--norc', '-n'], { input: script.join('\n'), encoding: 'utf8' });
  assert.equal(status, 0, stderr);
});

test('the agent’s configuration names its node, the API’s address and its directories', () => {
  assert.deepEqual(parseAgentConfig(written('/etc/hibernetes/agent.json')), {
    nodeName: 'i-1',
    server: 'https://api.example',
    tokenFile: '/run/hibernetes/token',
    runtime: 'containerd',
    containerdSocket: '/run/containerd/containerd.sock',
    rootDirectory: '/var/lib/kubelet',
    podLogDirectory: '/var/log/pods',
    containerLogDirectory: '/var/log/containers',
    nodeIp: '10.0.0.7',
    program: '/opt/hibernetes/agent.mjs',
    shutdownGracePeriodSeconds: 30,
    shutdownGracePeriodCriticalPodsSeconds: 10,
    clusterDns: '169.254.20.10',
    clusterDomain: 'cluster.local',
    podNetwork: 'vxlan',
    clusterCidr: '10.100.0.0/16',
    labels: {
      'kubernetes.io/arch': 'amd64',
      'topology.kubernetes.io/region': 'eu-central-1',
      'topology.kubernetes.io/zone': 'eu-central-1a',
      'node.kubernetes.io/instance-type': 't3.small',
    },
  });
});

test('the token is for this cluster, and is moved into place whole', () => {
  assert.equal(
    written('/opt/hibernetes/token'),
    `#!/bin/sh
set -eu
umask 077
aws eks get-token --region eu-central-1 --cluster-name default-1234 --query status.token --output text > /run/hibernetes/token.new
mv /run/hibernetes/token.new /run/hibernetes/token
`,
  );
});

test('it asks the metadata service as the second version wants', () => {
  assert.equal(script.filter((line) => line.includes('$IMDS/meta-data') && !line.includes('X-aws-ec2-metadata-token:')).length, 0);
});

test('the agent comes from the API, whole and once, and starts as a program that may be replaced', () => {
  const directory = mkdtempSync(join(tmpdir(), 'boot-'));
  try {
    const agent = '// The agent.\n';
    const hash = createHash('sha256').update(agent).digest('hex');
    mkdirSync(join(directory, 'bin'));
    writeFileSync(join(directory, 'agent.gz'), gzipSync(agent));
    // A curl that answers as the API does, if the caller brings its token.
    const curl = `#!/bin/sh
grep -q '^header = "Authorization: Bearer k8s-aws-v1.token"$' || exit 22
for url; do :; done
case $url in
  https://api.example/join/hashes.json) echo '{"hibernetes.mjs":"00","agent.mjs":"'$(cat ${directory}/hash)'"}' ;;
  https://api.example/join/agent.mjs) cat ${directory}/agent.gz ;;
  *) exit 22 ;;
esac
`;
    writeFileSync(join(directory, 'bin/curl'), curl, { mode: 0o755 });
    writeFileSync(join(directory, 'token'), 'k8s-aws-v1.token\n');
    const fetch = written('/opt/hibernetes/fetch-agent')
      .replaceAll('/opt/hibernetes/', `${directory}/`)
      .replaceAll('/run/hibernetes/', `${directory}/`);
    const run = () => spawnSync('sh', ['-c', fetch], { env: { PATH: `${directory}/bin:/usr/bin:/bin` } }).status;
    writeFileSync(join(directory, 'hash'), '0'.repeat(64));
    assert.notEqual(run(), 0);
    assert.equal(existsSync(join(directory, 'agent.mjs')), false);
    writeFileSync(join(directory, 'hash'), hash);
    assert.equal(run(), 0);
    assert.equal(readFileSync(join(directory, 'agent.mjs'), 'utf8'), agent);
    rmSync(join(directory, 'bin'), { recursive: true });
    assert.equal(run(), 0);
  } finally {
    rmSync(directory, { recursive: true });
  }
  assert.match(
    written('/opt/hibernetes/start-agent'),
    /exec env \S+ '\/usr\/bin\/node'(?: --\S+)+ "\$program" '\/etc\/hibernetes\/agent.json'/,
  );
});
