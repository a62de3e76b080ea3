/** Two whole control planes: upstream's programs, and ours as a machine hosts it, both without nodes. On our API upstream's controllers may run. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterAccess } from '../../../functions/client/https-fetch.ts';
import { defaultNetworks } from '../../../functions/kube/cluster-networks.ts';
import { realWorld } from '../../../functions/world.ts';
import { startControlPlane } from '../../../infra/local/control-plane.ts';
import { dataDirectory } from '../../../infra/local/data-directory.ts';
import { type ControllerPrograms, findControllerPrograms, findPrograms, type ProgramPlaces } from '../servers/programs.ts';
import { startUpstream } from '../servers/upstream.ts';

export interface Plane {
  readonly name: 'upstream' | 'ours';
  readonly access: ClusterAccess;
  stop(): Promise<void>;
}

export interface PlaneOptions extends ProgramPlaces {
  /** Which controllers and scheduler run on our API. */
  readonly controllers: 'ours' | 'upstream';
}

/** kube-controller-manager and kube-scheduler on our API, as the administrator. Returns how to stop them. */
function startControllersOn(
  access: ClusterAccess,
  pki: string,
  { kubeControllerManager, kubeScheduler }: ControllerPrograms,
): () => Promise<void> {
  const kubeconfig = join(pki, 'controllers.kubeconfig');
  const base64 = (text: string | undefined): string => Buffer.from(text ?? '').toString('base64');
  const user = { 'client-certificate-data': base64(access.certificatePem), 'client-key-data': base64(access.keyPem) };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'ours', cluster: { server: access.server, 'certificate-authority-data': base64(access.caPem) } }],
    users: [{ name: 'admin', user }],
    contexts: [{ name: 'ours', context: { cluster: 'ours', user: 'admin' } }],
    'current-context': 'ours',
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
  const common = [`--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--secure-port=0'];
  const ofManager = [
    '--use-service-account-credentials',
    `--service-account-private-key-file=${join(pki, 'service-accounts.key')}`,
    `--root-ca-file=${join(pki, 'ca.crt')}`,
    '--controllers=*,bootstrapsigner,tokencleaner',
    '--allocate-node-cidrs',
    `--cluster-cidr=${defaultNetworks.podCidr}`,
  ];
  const running = [
    spawn(kubeControllerManager, [...common, ...ofManager], { stdio: 'ignore' }),
    spawn(kubeScheduler, common, { stdio: 'ignore' }),
  ];
  const ended = running.map((child) => once(child, 'exit'));
  return async () => {
    for (const child of running) child.kill();
    await Promise.all(ended);
  };
}

/** With our own controllers, or with upstream's. */
export async function startOurPlane(controllers?: ControllerPrograms): Promise<Plane> {
  const root = mkdtempSync(join(tmpdir(), 'compare-workloads-'));
  const directory = dataDirectory(root);
  const plane = await startControlPlane({
    directory,
    addresses: [{ host: '127.0.0.1', port: 0 }],
    advertise: '192.0.2.1',
    networks: defaultNetworks,
    world: realWorld('error'),
    ...(controllers !== undefined && { absent: ['kube-controller-manager', 'kube-scheduler'] as const }),
  });
  if (!('certificatePem' in plane.admin)) throw new Error('the administrator has no certificate');
  const access = { server: `https://127.0.0.1:${plane.port}`, caPem: plane.pki.authority.certificatePem, ...plane.admin };
  const stopControllers = controllers === undefined ? undefined : startControllersOn(access, directory.pki, controllers);
  return {
    name: 'ours',
    access,
    async stop() {
      await stopControllers?.();
      await plane.stop();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

async function startUpstreamPlane(places: ProgramPlaces, report: (line: string) => void): Promise<Plane> {
  const programs = findPrograms(places, report);
  const { podCidr, serviceCidr } = defaultNetworks;
  const controllers = { programs: findControllerPrograms(places, report), podCidr };
  const { access, stop } = await startUpstream(programs, { serviceCidr, controllers });
  return { name: 'upstream', access, stop };
}

export async function withBothPlanes<T>(
  options: PlaneOptions,
  report: (line: string) => void,
  compare: (planes: readonly [Plane, Plane]) => Promise<T>,
): Promise<T> {
  const upstream = await startUpstreamPlane(options, report);
  try {
    const ours = await startOurPlane(options.controllers === 'upstream' ? findControllerPrograms(options, report) : undefined);
    try {
      return await compare([upstream, ours]);
    } finally {
      await ours.stop();
    }
  } finally {
    await upstream.stop();
  }
}
