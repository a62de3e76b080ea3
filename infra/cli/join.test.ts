/** The parts of `join` that need neither root nor a network; test/node/join.test.ts does the whole. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { createCertificateAuthority, createServerCertificate } from '../../functions/client/certificates.ts';
import { CliError } from './cli-error.ts';
import { addressOf, defaultNodeName, serverUrl } from './join.ts';
import { parseContainerdConfig } from './machine-containerd.ts';
import { unitText } from './node-agent-service.ts';
import { publicKeyHash } from './public-key-hash.ts';
import { pinnedAuthority } from './server-authority.ts';
import { isLoopback, randomText, tokenRows } from './token.ts';

const clock = { now: () => 1_767_225_600_000 };

test('an address may leave out https', () => {
  assert.equal(serverUrl('10.0.0.1:6443').origin, 'https://10.0.0.1:6443');
  assert.equal(serverUrl('https://api.example.com').origin, 'https://api.example.com');
  assert.equal(addressOf(serverUrl('https://api.example.com/clusters/blue/')), 'https://api.example.com/clusters/blue');
  assert.equal(addressOf(serverUrl('10.0.0.1:6443')), 'https://10.0.0.1:6443');
  assert.throws(() => serverUrl('http://10.0.0.1'), CliError);
  assert.throws(() => serverUrl('not an address'), CliError);
});

test('a machine’s name becomes one that a node may have', () => {
  assert.equal(defaultNodeName('My_Laptop'), 'my-laptop');
});

test('only a certificate with the pinned key is believed', async () => {
  const authority = await createCertificateAuthority('right', clock);
  const other = await createCertificateAuthority('right', clock);
  const server = await createServerCertificate(authority, { commonName: 'api', hosts: ['127.0.0.1'] }, clock);
  const chain = [server, authority].map(({ certificatePem }) => new X509Certificate(certificatePem));
  const hash = publicKeyHash(new X509Certificate(authority.certificatePem));
  assert.match(hash, /^sha256:[0-9a-f]{64}$/);
  assert.equal(new X509Certificate(pinnedAuthority(chain, hash.toUpperCase().replace('SHA', 'sha'))).subject, 'CN=right');
  assert.throws(() => pinnedAuthority(chain, publicKeyHash(new X509Certificate(other.certificatePem))), CliError);
  assert.throws(() => pinnedAuthority(chain, 'sha256:12'), CliError);
});

const version1 = `
disabled_plugins = []
[debug]
  address = ""
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins]
  [plugins."io.containerd.grpc.v1.cri"]
    sandbox_image = "registry.k8s.io/pause:3.6"
    [plugins."io.containerd.grpc.v1.cri".cni]
      bin_dir = "/usr/lib/cni"
      conf_dir = "/etc/cni/net.d"
`;
const version2 = `
disabled_plugins = ["cri"]
[grpc]
  address = '/run/two.sock'
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = 'registry.k8s.io/pause:3.10'
[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dir = ''
  bin_dirs = ['/opt/cni/bin', '/usr/lib/cni']
  conf_dir = '/etc/cni/net.d'
`;

test('containerd’s configuration is read, of either version', () => {
  assert.deepEqual(parseContainerdConfig(version1), {
    socket: '/run/containerd/containerd.sock',
    sandboxImage: 'registry.k8s.io/pause:3.6',
    cniDirectory: '/etc/cni/net.d',
    pluginDirectories: ['/usr/lib/cni'],
    hasCri: true,
  });
  assert.deepEqual(parseContainerdConfig(version2), {
    socket: '/run/two.sock',
    sandboxImage: 'registry.k8s.io/pause:3.10',
    cniDirectory: '/etc/cni/net.d',
    pluginDirectories: ['/opt/cni/bin', '/usr/lib/cni'],
    hasCri: false,
  });
});

test('the service runs the agent and leaves its containers alone', () => {
  const text = unitText(['/usr/bin/node', '/var/lib/hibernetes/agent.mjs', '/etc/hibernetes/agent.json']);
  assert.match(text, /^ExecStart="\/usr\/bin\/node" "\/var\/lib\/hibernetes\/agent\.mjs" "\/etc\/hibernetes\/agent\.json"$/m);
  assert.match(text, /^KillMode=process$/m);
});

test('the service starts after containerd, and does not end with it', () => {
  const lines = unitText(['agent']).split('\n');
  assert.ok(lines.includes('After=network-online.target containerd.service'));
  assert.ok(lines.includes('Wants=network-online.target containerd.service'));
  assert.ok(lines.includes('StartLimitIntervalSec=0'));
  assert.deepEqual(
    lines.filter((line) => /^(Requires|BindsTo|PartOf)=/.test(line)),
    [],
  );
});

test('the halves of a token have the letters that the field expects', () => {
  let given = 0;
  const random = { next: () => 0, uuid: () => '', bytes: (length: number) => Uint8Array.from({ length }, () => (given += 37) % 256) };
  const text = randomText(16, random);
  assert.match(text, /^[a-z0-9]{16}$/);
  assert.ok(new Set(text).size > 8, text);
});

test('tokens are listed without their secret half', () => {
  assert.equal(
    tokenRows([
      { id: 'abcdef', expires: '<never>', description: 'first rack' },
      { id: 'fedcba', expires: '2026-01-01T00:00:00Z (over)', description: '' },
    ]),
    [
      'ID       EXPIRES                       DESCRIPTION',
      'abcdef   <never>                       first rack',
      'fedcba   2026-01-01T00:00:00Z (over)',
    ].join('\n'),
  );
});

test('loopback is no address for other machines', () => {
  assert.deepEqual(['https://127.0.0.1:6443', 'https://localhost:1', 'https://[::1]:6443', 'https://10.0.0.1:6443'].map(isLoopback), [
    true,
    true,
    true,
    false,
  ]);
});
