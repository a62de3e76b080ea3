/** Two whole control planes: upstream's programs, and ours as a machine hosts it, both without nodes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterAccess } from '../../../functions/client/https-fetch.ts';
import { defaultNetworks } from '../../../functions/kube/cluster-networks.ts';
import { realWorld } from '../../../functions/world.ts';
import { startControlPlane } from '../../../infra/local/control-plane.ts';
import { dataDirectory } from '../../../infra/local/data-directory.ts';
import { findControllerPrograms, findPrograms, type ProgramPlaces } from '../servers/programs.ts';
import { startUpstream } from '../servers/upstream.ts';

export interface Plane {
  readonly name: 'upstream' | 'ours';
  readonly access: ClusterAccess;
  stop(): Promise<void>;
}

async function startOurPlane(): Promise<Plane> {
  const root = mkdtempSync(join(tmpdir(), 'compare-workloads-'));
  const directory = dataDirectory(root);
  const plane = await startControlPlane({
    directory,
    addresses: [{ host: '127.0.0.1', port: 0 }],
    advertise: '192.0.2.1',
    networks: defaultNetworks,
    world: realWorld('error'),
  });
  if (!('certificatePem' in plane.admin)) throw new Error('the administrator has no certificate');
  return {
    name: 'ours',
    access: { server: `https://127.0.0.1:${plane.port}`, caPem: plane.pki.authority.certificatePem, ...plane.admin },
    async stop() {
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
  places: ProgramPlaces,
  report: (line: string) => void,
  compare: (planes: readonly [Plane, Plane]) => Promise<T>,
): Promise<T> {
  const upstream = await startUpstreamPlane(places, report);
  try {
    const ours = await startOurPlane();
    try {
      return await compare([upstream, ours]);
    } finally {
      await ours.stop();
    }
  } finally {
    await upstream.stop();
  }
}
