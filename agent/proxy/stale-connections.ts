/**
 * Which tracked UDP connections still lead to endpoints that are gone: pure. TCP notices by itself; UDP has no
 * connection to break, so the kernel would go on sending to the dead.
 *
 * Source: pkg/proxy/conntrack/cleanup.go.
 */
import type { Elements, ServiceRules } from './rules.ts';

/** Commands for `conntrack`; each ends with code 1 when it finds nothing to delete. */
export function staleConnectionCommands(from: ServiceRules, to: ServiceRules): readonly (readonly string[])[] {
  const commands = [
    ...stale(from.maps.service_endpoints, to.maps.service_endpoints).map(([key, target]) => [...match(key), ...translatedTo(target)]),
    ...stale(from.maps.node_port_endpoints, to.maps.node_port_endpoints).map(([key, target]) => [...match(key), ...translatedTo(target)]),
    // A connection tracked while there was no endpoint stays untranslated until conntrack forgets it.
    ...fresh(from.maps.service_ips, to.maps.service_ips).map((key) => match(key)),
    ...fresh(from.maps.node_ports, to.maps.node_ports).map((key) => match(key)),
  ];
  const unique = new Map(commands.map((command) => [command.join(' '), command]));
  return [...unique.values()].map((command) => ['conntrack', '-D', '-p', 'udp', ...command]);
}

const isUdp = (key: string): boolean => key.split(' . ').includes('udp');

/** `10.96.0.10 . udp . 53` or `udp . 30053`. */
function match(key: string): readonly string[] {
  const parts = key.split(' . ');
  return parts[0] === 'udp' ? ['--orig-port-dst', parts[1] ?? ''] : ['--orig-dst', parts[0] ?? '', '--orig-port-dst', parts[2] ?? ''];
}

const withoutSlot = (key: string): string => key.slice(0, key.lastIndexOf(' . '));

/** `10.244.1.2 . 8080`. An endpoint may stay and take another port. */
function translatedTo(target: string): readonly string[] {
  const [address = '', port = ''] = target.split(' . ');
  return ['--dst-nat', address, '--reply-port-src', port];
}

/** Pairs of service and endpoint that were there and are not any more, in whatever slot. */
function stale(from: Elements, to: Elements): readonly (readonly [string, string])[] {
  const pairs = (elements: Elements): (readonly [string, string])[] =>
    [...elements].filter(([key]) => isUdp(key)).map(([key, target]) => [withoutSlot(key), target] as const);
  const left = new Set(pairs(to).map((pair) => pair.join(' ')));
  return pairs(from).filter((pair) => !left.has(pair.join(' ')));
}

const fresh = (from: Elements, to: Elements): readonly string[] => [...to.keys()].filter((key) => isUdp(key) && !from.has(key));
