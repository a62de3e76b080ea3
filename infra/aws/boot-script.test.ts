import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { parseAgentConfig } from '../../agent/config.ts';
import { bootScript } from './boot-script.ts';

const script = bootScript({
  server: 'https://api.example',
  iamClusterId: 'default-1234',
  agentLocation: 's3://bucket/agent.mjs',
  architecture: 'x86_64',
  networks: { clusterDns: '169.254.20.10', clusterDomain: 'cluster.local', clusterCidr: '10.100.0.0/16', podNetwork: 'vxlan' },
});

/** What a machine would write to a file, with its own facts filled in. */
function written(path: string): string {
  const facts = 'INSTANCE=i-1; ADDRESS=10.0.0.7; REGION=eu-central-1; ZONE=eu-central-1a; TYPE=t3.small; CNI=/opt/cni/bin';
  const start = script.indexOf(`cat > ${path} <<END`);
  const lines = ['cat <<END', ...script.slice(start + 1, script.indexOf('END', start) + 1)];
  const { status, stdout, stderr } = spawnSync('bash', ['-euc', [facts, ...lines].join('\n')], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return stdout;
}

test('the script is one that a shell understands', () => {
  const { status, stderr } = spawnSync('bash', ['-n'], { input: script.join('\n'), encoding: 'utf8' });
  assert.equal(status, 0, stderr);
});

test('the agent is told who it is and where it lives', () => {
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

test('the token is for this cluster, and nobody reads half of it', () => {
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
