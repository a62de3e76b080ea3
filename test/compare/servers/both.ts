/** Upstream's server and ours, side by side for as long as something is compared; both end whatever happens. */
import { defaultNetworks } from '../../../functions/kube/cluster-networks.ts';
import { startOurs } from './ours.ts';
import { findPrograms, type ProgramPlaces } from './programs.ts';
import { type RunningServer, startUpstream } from './upstream.ts';

export async function withBothServers<T>(
  places: ProgramPlaces,
  report: (line: string) => void,
  compare: (upstream: RunningServer, ours: RunningServer) => Promise<T>,
): Promise<T> {
  const programs = findPrograms(places, report);
  const ours = await startOurs();
  try {
    const upstream = await startUpstream(programs, { serviceCidr: defaultNetworks.serviceCidr });
    try {
      return await compare(upstream, ours);
    } finally {
      await upstream.stop();
    }
  } finally {
    await ours.stop();
  }
}
