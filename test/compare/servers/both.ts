/** Upstream's server and ours, side by side for as long as something is compared; both end whatever happens. */
import { defaultNetworks } from '../../../functions/kube/cluster-networks.ts';
import { type OursOptions, startOurs } from './ours.ts';
import { findPrograms, type ProgramPlaces } from './programs.ts';
import { type RunningServer, startUpstream, type UpstreamOptions } from './upstream.ts';

/** What the servers are started with besides the usual. */
export interface Sides {
  readonly upstream?: Pick<UpstreamOptions, 'flags'>;
  readonly ours?: OursOptions;
}

export async function withBothServers<T>(
  places: ProgramPlaces,
  report: (line: string) => void,
  compare: (upstream: RunningServer, ours: RunningServer) => Promise<T>,
  sides: Sides = {},
): Promise<T> {
  const programs = findPrograms(places, report);
  const ours = await startOurs(sides.ours);
  try {
    const upstream = await startUpstream(programs, { serviceCidr: defaultNetworks.serviceCidr, ...sides.upstream });
    try {
      return await compare(upstream, ours);
    } finally {
      await upstream.stop();
    }
  } finally {
    await ours.stop();
  }
}
