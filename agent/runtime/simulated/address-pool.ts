/** Hands out the addresses of a node's podCIDR, lowest first, never one that was just given back. */
import { RuntimeError } from '../runtime.ts';

const octets = (address: string): number => address.split('.').reduce((number, octet) => number * 256 + Number(octet), 0);
const dotted = (number: number): string => [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');

/** No pod gets the network, gateway or broadcast address. */
const reservedLow = 2;
const reservedHigh = 1;

export interface AddressPool {
  take(owner: string): string;
  release(owner: string): void;
}

export function createAddressPool(cidr: () => string | undefined): AddressPool {
  const taken = new Map<string, number>();
  let last = reservedLow - 1;
  return {
    take(owner) {
      const text = cidr();
      if (text === undefined) throw new RuntimeError('Unavailable', 'the node has no podCIDR yet');
      const [network = '', bits = '24'] = text.split('/');
      const size = 2 ** (32 - Number(bits));
      const used = new Set(taken.values());
      for (let step = 1; step <= size; step += 1) {
        const index = reservedLow + ((last + step - reservedLow) % (size - reservedLow - reservedHigh));
        if (used.has(index)) continue;
        last = index;
        taken.set(owner, index);
        return dotted(octets(network) + index);
      }
      throw new RuntimeError('Unknown', `no IP addresses available in range set: ${text}`);
    },
    release(owner) {
      taken.delete(owner);
    },
  };
}
