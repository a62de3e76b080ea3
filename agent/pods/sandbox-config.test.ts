import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PodSpec } from '../../functions/kube/generated/types.ts';
import { facts } from '../../test/support/node-context.ts';
import { container, pod } from '../../test/support/node-pod.ts';
import { hostsFile } from './hosts-file.ts';
import { dnsOf, hostnameOf, sandboxConfig } from './sandbox-config.ts';

test('the whole sandbox of an ordinary pod', () => {
  const of = { ...pod({}, { labels: { app: 'web' }, annotations: { note: 'x' } }), status: { qosClass: 'Burstable' } };
  assert.deepEqual(sandboxConfig(of, 2, { ...facts, cgroups: { root: '/root/', driver: 'cgroupfs' } }), {
    podUid: 'u1',
    podName: 'web',
    podNamespace: 'default',
    attempt: 2,
    hostname: 'web',
    logDirectory: '/var/lib/agent/logs/default_web_u1',
    dns: {
      servers: ['169.254.20.10'],
      searches: ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'lan'],
      options: ['ndots:5'],
    },
    portMappings: [],
    labels: {
      app: 'web',
      'io.kubernetes.pod.name': 'web',
      'io.kubernetes.pod.namespace': 'default',
      'io.kubernetes.pod.uid': 'u1',
    },
    annotations: { note: 'x' },
    cgroupParent: '/root/kubepods/burstable/podu1',
    sysctls: {},
    namespaces: { network: 'POD', pid: 'CONTAINER', ipc: 'POD' },
    privileged: false,
    seccomp: { profileType: 'RuntimeDefault', localhostRef: '' },
    runAsUser: undefined,
    runAsGroup: undefined,
    supplementalGroups: [],
    supplementalGroupsPolicy: 'Merge',
    seLinuxOptions: undefined,
  });
});

describe('DNS', () => {
  const dns = (spec: Partial<PodSpec>) => dnsOf(pod(spec), facts);
  const host = { servers: ['192.168.0.53'], searches: ['lan'], options: ['edns0'] };

  test('DNS is the node’s for Default, and for the host’s network unless asked otherwise', () => {
    assert.deepEqual(dns({ dnsPolicy: 'Default' }), host);
    assert.deepEqual(dns({ hostNetwork: true }), host);
    assert.deepEqual(dns({ hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' }).servers, ['169.254.20.10']);
  });

  test('DNS is nothing but the pod’s own for None', () => {
    const dnsConfig = { nameservers: ['1.1.1.1'], searches: ['example.com'], options: [{ name: 'ndots', value: '2' }, { name: 'rotate' }] };
    assert.deepEqual(dns({ dnsPolicy: 'None', dnsConfig }), {
      servers: ['1.1.1.1'],
      searches: ['example.com'],
      options: ['ndots:2', 'rotate'],
    });
  });

  test('a pod’s dnsConfig is added without duplicates, and its options replace the cluster’s', () => {
    const dnsConfig = { nameservers: ['169.254.20.10', '1.1.1.1'], searches: ['lan'], options: [{ name: 'ndots', value: '1' }] };
    const { servers, searches, options } = dns({ dnsConfig });
    assert.deepEqual([servers, searches.filter((name) => name === 'lan'), options], [['169.254.20.10', '1.1.1.1'], ['lan'], ['ndots:1']]);
  });
});

describe('the hostname', () => {
  const config = (spec: Partial<PodSpec>) => sandboxConfig(pod(spec), 0, facts).hostname;

  test('the hostname is the pod’s own, its full name where asked for, the host’s on the host’s network', () => {
    assert.equal(config({ hostname: 'db' }), 'db');
    assert.equal(config({ hostname: 'db', subdomain: 'ring', setHostnameAsFQDN: true }), 'db.ring.default.svc.cluster.local');
    assert.equal(config({ hostNetwork: true }), '');
  });

  test('the hostname is the name that the pod chose over all others, without a domain', () => {
    const of = pod({ hostname: 'a', subdomain: 'sub', hostnameOverride: 'over.ride.example' });
    assert.equal(sandboxConfig(of, 0, facts).hostname, 'over.ride.example');
    assert.ok(hostsFile(of, ['10.0.0.2'], 'cluster.local').includes('10.0.0.2\tover.ride.example\n'));
  });

  test('the hostname is cut to what the kernel takes', () => {
    assert.equal(hostnameOf(pod({}, { name: `${'a'.repeat(62)}-b` })), 'a'.repeat(62));
  });
});

test('host ports of containers and sidecars are mapped, not those of the host’s network', () => {
  const port = { containerPort: 80, hostPort: 8080 };
  const spec = {
    initContainers: [container('proxy', { restartPolicy: 'Always', ports: [{ containerPort: 53, hostPort: 53, protocol: 'UDP' }] })],
    containers: [container('main', { ports: [port, { containerPort: 81 }] })],
  };
  assert.deepEqual(sandboxConfig(pod(spec), 0, facts).portMappings, [
    { protocol: 'UDP', containerPort: 53, hostPort: 53, hostIp: '' },
    { protocol: 'TCP', containerPort: 80, hostPort: 8080, hostIp: '' },
  ]);
  assert.deepEqual(sandboxConfig(pod({ ...spec, hostNetwork: true }), 0, facts).portMappings, []);
});

test('the sandbox is privileged when a container is', () => {
  assert.equal(
    sandboxConfig(pod({ containers: [container('main', { securityContext: { privileged: true } })] }), 0, facts).privileged,
    true,
  );
});

test('/etc/hosts names the pod, and its aliases', () => {
  const of = pod({ hostname: 'db', subdomain: 'ring', hostAliases: [{ ip: '10.1.1.1', hostnames: ['a', 'b'] }] });
  assert.equal(
    hostsFile(of, ['10.0.0.2'], 'cluster.local'),
    [
      '# Kubernetes-managed hosts file.',
      '127.0.0.1\tlocalhost',
      '::1\tlocalhost ip6-localhost ip6-loopback',
      'fe00::0\tip6-localnet',
      'fe00::0\tip6-mcastprefix',
      'fe00::1\tip6-allnodes',
      'fe00::2\tip6-allrouters',
      '10.0.0.2\tdb.ring.default.svc.cluster.local\tdb',
      '',
      '# Entries added by HostAliases.',
      '10.1.1.1\ta\tb',
      '',
    ].join('\n'),
  );
});
