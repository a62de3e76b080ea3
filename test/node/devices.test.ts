/** A device plug-in on a real node, by the kubelet's sockets. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall, type ServerWritableStream } from '@grpc/grpc-js';
import { devicePluginService, deviceRegistrationService, podResourcesService } from '../../agent/plugins/messages.ts';
import { openPlugin } from '../../agent/plugins/plugin-client.ts';
import { startCluster, type TestCluster } from '../support/cluster-process.ts';
import { eventually } from '../support/eventually.ts';
import { freeNetworks, networkFlags } from '../support/free-networks.ts';
import { imageFiles, reasonToSkipContainers } from '../support/real-nodes.ts';

const resource = 'example.com/zero';

type Call = ServerUnaryCall<{ containerRequests?: { devicesIds: string[] }[]; devicesIds?: string[] }, object>;

/** Each of its devices is /dev/zero under another name. */
class DevicePlugin {
  readonly started: string[][] = [];
  readonly #server = new Server();
  readonly #streams = new Set<ServerWritableStream<object, object>>();
  readonly #file: string;
  #devices: readonly { ID: string; health: string; topology?: object }[] = [
    { ID: 'z0', health: 'Healthy', topology: { nodes: [{ ID: 1 }] } },
    { ID: 'z1', health: 'Healthy' },
  ];

  constructor(file: string) {
    this.#file = file;
    this.#server.addService(devicePluginService, {
      GetDevicePluginOptions: (_call: Call, done: sendUnaryData<object>) =>
        done(null, { preStartRequired: true, getPreferredAllocationAvailable: true }),
      GetPreferredAllocation: (_call: Call, done: sendUnaryData<object>) => done(null, { containerResponses: [{ deviceIDs: ['z1'] }] }),
      ListAndWatch: (stream: ServerWritableStream<object, object>) => {
        this.#streams.add(stream);
        stream.write({ devices: this.#devices });
      },
      PreStartContainer: ({ request }: Call, done: sendUnaryData<object>) => {
        this.started.push(request.devicesIds ?? []);
        done(null, {});
      },
      Allocate: ({ request }: Call, done: sendUnaryData<object>) => {
        const ids = request.containerRequests?.[0]?.devicesIds ?? [];
        const devices = ids.map((id) => ({ containerPath: `/dev/${id}`, hostPath: '/dev/zero', permissions: 'rw' }));
        const mounts = [{ containerPath: '/usr/share/zero', hostPath: this.#file, readOnly: true }];
        done(null, { containerResponses: [{ envs: { ZERO_IDS: ids.join(',') }, devices, mounts }] });
      },
    });
  }

  async start(directory: string): Promise<void> {
    const socket = join(directory, 'zero.sock');
    rmSync(socket, { force: true });
    await new Promise<void>((resolve, reject) =>
      this.#server.bindAsync(`unix://${socket}`, ServerCredentials.createInsecure(), (error) =>
        error === null ? resolve() : reject(error),
      ),
    );
    const kubelet = openPlugin(join(directory, 'kubelet.sock'), deviceRegistrationService);
    await kubelet.call('Register', { version: 'v1beta1', endpoint: 'zero.sock', resourceName: resource });
    await assert.rejects(kubelet.call('Register', { version: 'v9', endpoint: 'zero.sock', resourceName: resource }), {
      message: 'rpc error: code = Unknown desc = unsupported API version v9; supported: v1beta1',
    });
    kubelet.close();
  }

  breakDevice(id: string): void {
    this.#devices = this.#devices.map((device) => (device.ID === id ? { ...device, health: 'Unhealthy' } : device));
    for (const stream of this.#streams) stream.write({ devices: this.#devices });
  }

  stop(): void {
    this.#server.forceShutdown();
  }
}

const manifest = (name: string, count: number): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${name} }
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: main
    image: busybox:1.36
    command: [sh, -c, 'echo $ZERO_IDS; cat /usr/share/zero; ls -l /dev/z?; head -c 3 /dev/z1 | wc -c; sleep 3600']
    resources: { limits: { ${resource}: '${count}' } }
`;

describe('a device plug-in', { skip: await reasonToSkipContainers() }, () => {
  let cluster: TestCluster;
  const directory = mkdtempSync(join(tmpdir(), 'devices-'));
  writeFileSync(join(directory, 'file'), 'from the plug-in\n');
  const plugin = new DevicePlugin(join(directory, 'file'));

  const apply = async (input: string): Promise<void> => {
    const { code, stderr } = await cluster.kubectl.run(['apply', '-f', '-'], { input });
    assert.equal(code, 0, stderr);
  };
  const counts = (): Promise<string> => {
    const path = 'example\\.com/zero';
    return cluster.kubectl.ok('get', 'node', 'node-1', '-o', `jsonpath={.status.capacity.${path}} {.status.allocatable.${path}}`);
  };

  before(async () => {
    cluster = await startCluster({ nodes: 1, runtime: 'containerd', images: await imageFiles(), flags: networkFlags(freeNetworks()) });
    await plugin.start(join(cluster.directory, 'nodes', 'node-1', 'agent', 'device-plugins'));
  });
  after(async () => {
    await cluster?.remove();
    plugin.stop();
    rmSync(directory, { recursive: true });
  });

  test('adds its devices to the node', async () => {
    await eventually(async () => assert.equal(await counts(), '2 2'), 30_000);
  });

  test('gives a container the device that it prefers, with environment and files', async () => {
    await apply(manifest('one', 1));
    await cluster.kubectl.ok('wait', 'pod/one', '--for=condition=Ready', '--timeout=60s');
    const log = await eventually(async () => {
      const text = await cluster.kubectl.ok('logs', 'one');
      assert.ok(text.endsWith('3\n'), text);
      return text;
    }, 20_000);
    assert.match(log, /^z1\nfrom the plug-in\ncrw\S+ .* \/dev\/z1\n3\n$/);
    assert.deepEqual(plugin.started, [['z1']]);
  });

  test('a device plug-in is listed on the socket for programs that ask which pod holds what', async () => {
    const lister = openPlugin(join(cluster.directory, 'nodes/node-1/agent/pod-resources/kubelet.sock'), podResourcesService);
    const held = { resource_name: resource, device_ids: ['z1'], topology: null };
    const one = { name: 'one', namespace: 'default', containers: [{ name: 'main', devices: [held] }] };
    assert.deepEqual(await lister.call('List', {}), { pod_resources: [one] });
    assert.deepEqual(await lister.call('Get', { pod_name: 'one', pod_namespace: 'default' }), { pod_resources: one });
    await assert.rejects(lister.call('Get', { pod_name: 'two', pod_namespace: 'default' }), {
      message: 'rpc error: code = Unknown desc = pod two in namespace default not found',
    });
    const near = { resource_name: resource, device_ids: ['z0'], topology: { nodes: [{ ID: 1 }] } };
    assert.deepEqual(await lister.call('GetAllocatableResources', {}), { devices: [near, held] });
    lister.close();
  });

  test('pods wait for devices that are taken, and start when they are free', async () => {
    await apply(manifest('two', 2));
    const message = await eventually(async () => {
      const text = await cluster.kubectl.ok('get', 'pod', 'two', '-o', 'jsonpath={.status.conditions[0].message}');
      assert.notEqual(text, '');
      return text;
    }, 20_000);
    assert.match(message, /Insufficient example\.com\/zero/);
    await cluster.kubectl.ok('delete', 'pod', 'one');
    await cluster.kubectl.ok('wait', 'pod/two', '--for=condition=Ready', '--timeout=60s');
    assert.deepEqual(plugin.started.at(-1)?.toSorted(), ['z0', 'z1']);
  });

  test('a broken device, and a plug-in that goes, are not counted', async () => {
    plugin.breakDevice('z0');
    await eventually(async () => assert.equal(await counts(), '2 1'), 30_000);
    plugin.stop();
    await eventually(async () => assert.equal(await counts(), '2 0'), 30_000);
  });
});
