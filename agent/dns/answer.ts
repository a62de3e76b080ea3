/**
 * Answers DNS questions from the cluster's zone.
 *
 * Source: the Kubernetes DNS specification 1.1.0, and CoreDNS plugin/kubernetes (parse.go, kubernetes.go) for what the
 * specification leaves open, such as when a name does not exist and when it only has no such record.
 */
import { isIP } from 'node:net';
import type { Answer } from 'dns-packet';
import { parseIp } from '../../functions/kube/ip.ts';
import type { IndexedEndpoint, IndexedService, NamedPort, ServiceIndex } from './service-index.ts';

interface Question {
  /** In lower case, without the last dot. */
  readonly name: string;
  /** A, AAAA, SRV, …: as dns-packet spells it. */
  readonly type: string;
}

export interface Reply {
  readonly outcome: 'reply';
  readonly nxdomain: boolean;
  readonly answers: readonly Answer[];
  readonly additionals: readonly Answer[];
  /** The answers end in an alias to this name outside the zone, which has yet to be looked up. */
  readonly alias?: string;
}

/** `elsewhere`: not ours to answer. */
export type Decision = Reply | { readonly outcome: 'elsewhere' };

export interface Zone {
  readonly domain: string;
  readonly index: ServiceIndex;
}

/** Short, for endpoints come and go. */
const ttlSeconds = 5;

const schemaVersion = '1.1.0';
const aliasesMax = 8;

const elsewhere: Decision = { outcome: 'elsewhere' };
const found = (answers: readonly Answer[], additionals: readonly Answer[] = []): Reply => ({
  outcome: 'reply',
  nxdomain: false,
  answers,
  additionals,
});
const noSuchRecord = found([]);
const noSuchName: Reply = { ...noSuchRecord, nxdomain: true };

export function decide(question: Question, zone: Zone, aliases = 0): Decision {
  const { name, type } = question;
  if (name.endsWith('.in-addr.arpa') || name.endsWith('.ip6.arpa')) return reverse(question, zone);
  if (name === zone.domain) return type === 'SOA' ? found([startOfAuthority(zone.domain)]) : apex(question, zone.domain);
  if (!name.endsWith(`.${zone.domain}`)) return elsewhere;
  const labels = name.slice(0, -zone.domain.length - 1).split('.');
  switch (labels.pop() ?? '') {
    case 'svc':
      return services(question, labels, zone, aliases);
    case 'pod':
      return pods(question, labels);
    case 'dns-version':
      return labels.length > 0 ? noSuchName : version(question);
    case 'dns':
      return labels.join('.') === 'ns' ? noSuchRecord : noSuchName;
    default:
      return noSuchName;
  }
}

const apex = ({ type }: Question, domain: string): Reply =>
  type === 'NS' ? found([{ type: 'NS', name: domain, ttl: ttlSeconds, data: `ns.dns.${domain}` }]) : noSuchRecord;

const version = ({ name, type }: Question): Reply =>
  type === 'TXT' ? found([{ type: 'TXT', name, ttl: ttlSeconds, data: schemaVersion }]) : noSuchRecord;

/** The negative answers' proof, and what a SOA question gets. */
export const startOfAuthority = (domain: string): Answer => ({
  type: 'SOA',
  name: domain,
  ttl: ttlSeconds,
  data: {
    mname: `ns.dns.${domain}`,
    rname: `hostmaster.${domain}`,
    serial: 1,
    refresh: 7200,
    retry: 1800,
    expire: 86_400,
    minimum: ttlSeconds,
  },
});

/** What is left of the name: `[_port, _protocol | endpoint], service, namespace`. */
function services(question: Question, labels: readonly string[], zone: Zone, aliases: number): Decision {
  const [namespace, name, ...rest] = labels.toReversed();
  if (namespace === undefined) return noSuchRecord;
  if (name === undefined) return zone.index.hasNamespace(namespace) ? noSuchRecord : noSuchName;
  const service = zone.index.service(namespace, name);
  if (service === undefined || rest.length > 2) return noSuchName;
  if (service.externalName !== undefined) return rest.length === 0 ? alias(question, service.externalName, zone, aliases) : noSuchName;
  const hosts = hostsOf(service, rest.toReversed(), zone.domain);
  if (hosts.length === 0) return noSuchName;
  if (question.type === 'SRV') return servers(question, hosts);
  return found(addressRecords(question.name, question.type, hosts));
}

interface NamedHost {
  /** The name that SRV records point to. */
  readonly name: string;
  readonly address: string;
  readonly ports: readonly NamedPort[];
}

function hostsOf(service: IndexedService, rest: readonly string[], domain: string): readonly NamedHost[] {
  const base = `${service.name}.${service.namespace}.svc.${domain}`;
  const endpointHost = ({ label, address, ports }: IndexedEndpoint): NamedHost => ({ name: `${label}.${base}`, address, ports });
  if (rest.length === 1) return service.endpoints.filter(({ label }) => label === rest[0]).map(endpointHost);
  const hosts =
    service.clusterIPs.length === 0
      ? service.endpoints.map(endpointHost)
      : service.clusterIPs.map((address): NamedHost => ({ name: base, address, ports: service.ports }));
  if (rest.length === 0) return hosts;
  const [port, protocol] = rest.map((label) => (label.startsWith('_') ? label.slice(1) : undefined));
  return hosts
    .map((host) => ({ ...host, ports: host.ports.filter((one) => one.name === port && one.protocol === protocol) }))
    .filter(({ ports }) => ports.length > 0);
}

/** Endpoints that answer on several slices' ports appear once. */
function addressRecords(name: string, type: string, hosts: readonly Pick<NamedHost, 'address'>[]): readonly Answer[] {
  const addresses = [...new Set(hosts.map(({ address }) => address))];
  if (type === 'A')
    return addresses.filter((address) => !address.includes(':')).map((data) => ({ type: 'A', name, ttl: ttlSeconds, data }));
  if (type === 'AAAA')
    return addresses.filter((address) => address.includes(':')).map((data) => ({ type: 'AAAA', name, ttl: ttlSeconds, data }));
  return [];
}

function servers({ name }: Question, hosts: readonly NamedHost[]): Reply {
  const targets = hosts.flatMap((host) => host.ports.map(({ port }) => ({ target: host.name, port })));
  const unique = [...new Map(targets.map((one) => [`${one.target}:${one.port}`, one])).values()];
  const weight = Math.max(1, Math.floor(100 / Math.max(1, unique.length)));
  const answers = unique.map((one): Answer => ({ type: 'SRV', name, ttl: ttlSeconds, data: { ...one, priority: 0, weight } }));
  const addresses = Map.groupBy(hosts, (host) => host.name);
  const additionals = [...addresses].flatMap(([host, same]) => [...addressRecords(host, 'A', same), ...addressRecords(host, 'AAAA', same)]);
  return found(answers, additionals);
}

/** An alias within the zone is followed here; one that leads outside is the caller's to follow. */
function alias({ name, type }: Question, target: string, zone: Zone, aliases: number): Decision {
  const record: Answer = { type: 'CNAME', name, ttl: ttlSeconds, data: target };
  if (type === 'CNAME' || aliases >= aliasesMax) return found([record]);
  if (type !== 'A' && type !== 'AAAA') return noSuchRecord;
  const next = decide({ name: target.toLowerCase(), type }, zone, aliases + 1);
  if (next.outcome === 'elsewhere') return { ...found([record]), alias: target };
  return { ...next, nxdomain: false, answers: [record, ...next.answers] };
}

/** `10-244-1-7.namespace`: the name contains the address, whether or not there is such a pod. */
function pods({ name, type }: Question, labels: readonly string[]): Reply {
  if (labels.length < 2) return noSuchRecord;
  const [dashed = ''] = labels;
  const address = [dashed.replaceAll('-', '.'), dashed.replaceAll('-', ':')].find((text) => isIP(text) !== 0);
  if (labels.length > 2 || address === undefined) return noSuchName;
  return found(addressRecords(name, type, [{ address }]));
}

function reverse({ name, type }: Question, { domain, index }: Zone): Decision {
  const address = reversedAddress(name);
  const names = address === undefined ? [] : index.namesOf(address);
  if (names.length === 0) return elsewhere;
  if (type !== 'PTR') return noSuchRecord;
  return found(names.map((host) => ({ type: 'PTR', name, ttl: ttlSeconds, data: `${host}.svc.${domain}` })));
}

/** `10.0.96.10.in-addr.arpa`, or the 32 digits of an IPv6 address from the last to the first. */
function reversedAddress(name: string): string | undefined {
  const [, dotted] = /^((?:\d+\.){3}\d+)\.in-addr\.arpa$/.exec(name) ?? [];
  if (dotted !== undefined) return dotted.split('.').toReversed().join('.');
  const [, digits] = /^((?:[0-9a-f]\.){31}[0-9a-f])\.ip6\.arpa$/.exec(name) ?? [];
  const groups = digits?.split('.').toReversed().join('').match(/.{4}/g);
  return groups === undefined || groups === null ? undefined : parseIp(groups.join(':'))?.text;
}
