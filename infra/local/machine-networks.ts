/** The networks that this machine has an address in. */
import { networkInterfaces } from 'node:os';
import type { TakenNetwork } from '../../functions/kube/cluster-networks.ts';
import { networkOf } from '../../functions/kube/ipv4.ts';

export const machineNetworks = (): readonly TakenNetwork[] =>
  Object.entries(networkInterfaces()).flatMap(([link, addresses = []]) =>
    addresses.flatMap(({ family, cidr }) =>
      family === 'IPv4' && cidr !== null ? [{ cidr: networkOf(cidr), owner: `this machine's ${link}` }] : [],
    ),
  );
