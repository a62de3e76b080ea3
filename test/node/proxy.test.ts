/** Services in the kernel of two nodes, on two hosts that are namespaces of this machine. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createServiceProxy, type ServiceProxy } from '../../agent/proxy/service-proxy.ts';
import { tableName } from '../../agent/proxy/nftables.ts';
import type { EndpointSlice, Service, ServiceSpec } from '../../functions/kube/generated/types.ts';
import { canRunContainers } from '../../infra/local/hosts/can-run-containers.ts';
import { runCommand } from '../../agent/network/run.ts';
import { eventually } from '../support/eventually.ts';
import { virtualWorld } from '../support/virtual-world.ts';
import { ask, clusterCidr, twoHosts, type TestPod, type TwoHosts } from './support/two-hosts.ts';

const can = await canRunContainers();
const clusterIP = '10.96.0.10';
const nodePort = 30080;

const service = (spec: Partial<ServiceSpec> = {}, name = 'web'): Service => ({
  metadata: { name, namespace: 'default' },
  spec: {
    type: 'NodePort',
    clusterIP,
    clusterIPs: [clusterIP],
    ports: [
      { name: 'tcp', port: 80, protocol: 'TCP', nodePort },
      { name: 'udp', port: 53, protocol: 'UDP' },
    ],
    ...spec,
  },
});

const slice = (pods: readonly TestPod[], name = 'web'): EndpointSlice => ({
  metadata: { name, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
  addressType: 'IPv4',
  ports: [
    { name: 'tcp', port: 8080, protocol: 'TCP' },
    { name: 'udp', port: 8080, protocol: 'UDP' },
  ],
  endpoints: pods.map(({ address, host }) => ({ addresses: [address], nodeName: host.name, conditions: { ready: true } })),
});

const namesIn = (answers: readonly string[]): string[] => [...new Set(answers.map((answer) => answer.split(' ')[0] ?? ''))].sort();
const callersIn = (answers: readonly string[]): string[] => [...new Set(answers.map((answer) => answer.split(' ')[1] ?? ''))].sort();

describe('services on two nodes', { skip: can.ok ? false : can.why }, () => {
  let world: TwoHosts;
  let proxies: ServiceProxy[];
  const { clock, log, advance, lines } = virtualWorld();
  let [near, far]: TestPod[] = [];

  const sync = async (services: readonly Service[], slices: readonly EndpointSlice[]): Promise<void> => {
    for (const [index, proxy] of proxies.entries())
      await proxy.sync(services, slices, {
        addresses: [world.hosts[index]!.address],
        zone: `zone-${index}`,
        serviceCidrs: ['10.96.0.0/12'],
      });
  };

  before(async () => {
    world = await twoHosts();
    near = await world.pod(world.hosts[0], 'near');
    far = await world.pod(world.hosts[1], 'far');
    proxies = world.hosts.map(({ run, name }) => createServiceProxy({ run, clock, log, nodeName: name, clusterCidr }));
  });
  after(() => world.remove());

  test('a cluster IP spreads over the pods of both nodes, for a pod and for a node', async () => {
    await sync([service()], [slice([near!, far!])]);
    const fromPod = await ask(near!.run, { address: clusterIP, port: 80, count: 40 });
    assert.deepEqual(namesIn(fromPod), ['far', 'near']);
    assert.deepEqual(namesIn(await ask(world.hosts[0].run, { address: clusterIP, port: 80, count: 40 })), ['far', 'near']);
    // The other pod sees the caller itself; the caller, when it reaches itself, must see its node.
    assert.deepEqual(callersIn(fromPod), ['10.244.1.1', near!.address]);
  });

  test('UDP is translated too, and forgotten when its endpoint goes', async () => {
    const many = await ask(near!.run, { address: clusterIP, port: 53, protocol: 'udp', count: 20 });
    assert.deepEqual(namesIn(many), ['far', 'near']);
    await sync([service()], [slice([near!])]);
    const tracked = await world.hosts[0].run(['conntrack', '-L', '-p', 'udp', '--dst-nat', far!.address]);
    assert.equal(tracked, '');
    assert.deepEqual(namesIn(await ask(far!.run, { address: clusterIP, port: 53, protocol: 'udp', count: 10 })), ['near']);
  });

  test('a node port answers at every node, from outside, from nodes and from pods', async () => {
    await sync([service()], [slice([near!, far!])]);
    for (const { address } of world.hosts) {
      for (const from of [runCommand, world.hosts[0].run, far!.run]) {
        assert.deepEqual(namesIn(await ask(from, { address, port: nodePort, count: 20 })), ['far', 'near']);
      }
    }
  });

  test('with a Local external policy only nodes with a pod answer, and they show it the caller', async () => {
    await sync([service({ externalTrafficPolicy: 'Local' })], [slice([near!])]);
    const [a, b] = world.hosts;
    assert.deepEqual(await ask(runCommand, { address: a.address, port: nodePort }), [`near ${world.gateway}`]);
    assert.deepEqual(await ask(runCommand, { address: b.address, port: nodePort, patienceMs: 1_000 }), ['TIMEOUT']);
    assert.deepEqual(namesIn(await ask(far!.run, { address: clusterIP, port: 80 })), ['near']);
  });

  test('with a Local internal policy a caller reaches only pods of its own node', async () => {
    await sync([service({ internalTrafficPolicy: 'Local' })], [slice([near!, far!])]);
    assert.deepEqual(namesIn(await ask(near!.run, { address: clusterIP, port: 80, count: 10 })), ['near']);
    assert.deepEqual(namesIn(await ask(far!.run, { address: clusterIP, port: 80, count: 10 })), ['far']);
  });

  test('without endpoints the caller is refused at once', async () => {
    await sync([service()], [slice([])]);
    for (const from of [near!.run, world.hosts[0].run]) {
      assert.deepEqual(await ask(from, { address: clusterIP, port: 80 }), ['ECONNREFUSED']);
      assert.deepEqual(await ask(from, { address: clusterIP, port: 53, protocol: 'udp' }), ['ECONNREFUSED']);
    }
    assert.deepEqual(await ask(runCommand, { address: world.hosts[0].address, port: nodePort }), ['ECONNREFUSED']);
  });

  test('an address without a service leads nowhere, not even out of the cluster', async () => {
    await sync([service()], [slice([near!])]);
    for (const from of [near!.run, world.hosts[0].run]) {
      assert.deepEqual(await ask(from, { address: '10.96.0.99', port: 80, patienceMs: 1_000 }), ['TIMEOUT']);
    }
  });

  test('a port that the service does not have is refused', async () => {
    await sync([service()], [slice([near!])]);
    assert.deepEqual(await ask(far!.run, { address: clusterIP, port: 81 }), ['ECONNREFUSED']);
  });

  test('with client affinity a caller always gets the same pod, whatever endpoints come and however the table is written', async () => {
    const sticky = service({ sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 600 } } });
    await sync([sticky], [slice([near!])]);
    const asked = async (count = 20): Promise<string[]> => namesIn(await ask(far!.run, { address: clusterIP, port: 80, count }));
    assert.deepEqual(await asked(1), ['near']);
    await sync([sticky], [slice([near!, far!])]);
    assert.deepEqual(await asked(), ['near']);
    const { run, name, address } = world.hosts[1];
    const restarted = createServiceProxy({ run, clock, log, nodeName: name, clusterCidr });
    await restarted.sync([sticky], [slice([near!, far!])], { addresses: [address] });
    assert.deepEqual(await asked(), ['near']);
    // The node port leads the same client to the same pod.
    assert.deepEqual(namesIn(await ask(far!.run, { address, port: nodePort, count: 10 })), ['near']);
    await restarted.sync([sticky], [slice([far!])], { addresses: [address] });
    assert.deepEqual(await asked(), ['far']);
    proxies[1] = restarted;
  });

  test('a client is forgotten once it has been idle for the timeout', async () => {
    const { run } = world.hosts[1];
    const sticky = service({ sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 1 } } });
    await sync([], []);
    await sync([sticky], [slice([near!, far!])]);
    await ask(far!.run, { address: clusterIP, port: 80 });
    const remembered = async (): Promise<boolean> =>
      (await run(['nft', 'list', 'table', 'ip', tableName])).includes(`${far!.address} timeout 1s`);
    await eventually(async () => assert.equal(await remembered(), false));
  });

  test('with a Local external policy pods and nodes reach all endpoints of an external address', async () => {
    const balanced: Service = {
      ...service({ type: 'LoadBalancer', externalTrafficPolicy: 'Local' }),
      status: { loadBalancer: { ingress: [{ ip: '203.0.113.8' }] } },
    };
    await sync([balanced], [slice([near!])]);
    for (const from of [far!.run, world.hosts[1].run]) {
      assert.deepEqual(namesIn(await ask(from, { address: '203.0.113.8', port: 80 })), ['near']);
      assert.deepEqual(namesIn(await ask(from, { address: world.hosts[1].address, port: nodePort })), ['near']);
    }
  });

  test('only callers of its source ranges reach a load balancer’s address', async () => {
    const balanced = (loadBalancerSourceRanges: string[]): Service => ({
      ...service({ type: 'LoadBalancer', loadBalancerSourceRanges }),
      status: { loadBalancer: { ingress: [{ ip: '203.0.113.8' }] } },
    });
    await sync([balanced([`${near!.address}/32`])], [slice([far!])]);
    assert.deepEqual(namesIn(await ask(near!.run, { address: '203.0.113.8', port: 80 })), ['far']);
    assert.deepEqual(await ask(far!.run, { address: '203.0.113.8', port: 80, patienceMs: 1_000 }), ['TIMEOUT']);
    assert.deepEqual(namesIn(await ask(far!.run, { address: clusterIP, port: 80 })), ['far']);
  });

  test('topology hints keep callers in their zone', async () => {
    const hinted = slice([near!, far!]);
    hinted.endpoints?.forEach((endpoint, index) => Object.assign(endpoint, { hints: { forZones: [{ name: `zone-${index}` }] } }));
    await sync([service()], [hinted]);
    assert.deepEqual(namesIn(await ask(near!.run, { address: clusterIP, port: 80, count: 10 })), ['near']);
    assert.deepEqual(namesIn(await ask(far!.run, { address: clusterIP, port: 80, count: 10 })), ['far']);
  });

  test('an external IP is served like a load balancer’s', async () => {
    await sync([service({ externalIPs: ['203.0.113.7'] })], [slice([near!, far!])]);
    assert.deepEqual(namesIn(await ask(far!.run, { address: '203.0.113.7', port: 80, count: 20 })), ['far', 'near']);
  });

  test('the proxy leaves its table alone while it is as expected, and rebuilds it after a flush', async () => {
    await sync([service()], [slice([near!, far!])]);
    await advance(61_000);
    await sync([service()], [slice([near!, far!])]);
    assert.deepEqual(
      lines.filter(({ level }) => level === 'warn'),
      [],
    );
    await world.hosts[0].run(['nft', 'delete', 'table', 'ip', tableName]);
    await advance(61_000);
    await sync([service()], [slice([near!, far!])]);
    assert.deepEqual(namesIn(await ask(near!.run, { address: clusterIP, port: 80, count: 20 })), ['far', 'near']);
    assert.deepEqual(
      lines.filter(({ level }) => level === 'warn').map(({ message }) => message),
      ['Another program changed the table of services; it is written anew'],
    );
  });

  test('a new proxy takes over what an earlier one left', async () => {
    const { run, name, address } = world.hosts[0];
    const proxy = createServiceProxy({ run, clock, log, nodeName: name, clusterCidr });
    await proxy.sync([service()], [slice([far!])], { addresses: [address] });
    assert.deepEqual(namesIn(await ask(near!.run, { address: clusterIP, port: 80, count: 10 })), ['far']);
    await proxy.close();
    await proxy.sync([], [], { addresses: [] });
    assert.deepEqual(namesIn(await ask(near!.run, { address: clusterIP, port: 80, count: 10 })), ['far']);
  });
});
