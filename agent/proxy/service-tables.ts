/**
 * What the kernel's tables should hold, and what changed in them: each service adds its part, which is made anew only when the
 * service or one of its slices changed. Two parts may have an element in common; it stays until both have gone.
 */
import type { EndpointSlice, Service } from '../../functions/kube/generated/types.ts';
import { slicesByService } from './endpoints.ts';
import { mapNames, nodeRules, rulesOf, type MapName, type ServiceRules, type Surroundings } from './rules.ts';

export interface TablesInput extends Surroundings {
  readonly services: readonly Service[];
  readonly endpointSlices: readonly EndpointSlice[];
  /** The addresses of this node at which NodePorts are served. */
  readonly nodeAddresses: readonly string[];
  /** Ranges of cluster IPs: what goes to an address of theirs without a service goes nowhere. */
  readonly serviceCidrs?: readonly string[] | undefined;
}

/** The elements and chains that changed, as they were and as they are. */
export interface RulesChange {
  readonly from: ServiceRules;
  readonly to: ServiceRules;
}

interface Part {
  readonly service: Service;
  readonly slices: readonly EndpointSlice[];
  readonly rules: ServiceRules;
}

const noSlices: readonly EndpointSlice[] = [];
const same = <T>(one: readonly T[], other: readonly T[]): boolean =>
  one.length === other.length && one.every((item, index) => item === other[index]);

/** Values by their owners; the owner that came last decides. What it was before a round of changes is noted. */
class Shared<V> {
  readonly values = new Map<string, V>();
  readonly before = new Map<string, V | undefined>();
  readonly #owners = new Map<string, (readonly [owner: string, value: V])[]>();

  add(key: string, owner: string, value: V): void {
    this.#note(key);
    const owners = this.#owners.get(key);
    if (owners === undefined) this.#owners.set(key, [[owner, value]]);
    else owners.push([owner, value]);
    this.values.set(key, value);
  }

  remove(key: string, owner: string): void {
    this.#note(key);
    const left = (this.#owners.get(key) ?? []).filter(([one]) => one !== owner);
    const last = left.at(-1);
    if (last === undefined) {
      this.#owners.delete(key);
      this.values.delete(key);
    } else {
      this.#owners.set(key, left);
      this.values.set(key, last[1]);
    }
  }

  #note(key: string): void {
    if (!this.before.has(key)) this.before.set(key, this.values.get(key));
  }

  /** The noted keys, as they were and as they are; what is noted is forgotten. */
  change(): readonly [from: Map<string, V>, to: Map<string, V>] {
    const [from, to] = [new Map<string, V>(), new Map<string, V>()];
    for (const [key, value] of this.before) {
      if (value !== undefined) from.set(key, value);
      const now = this.values.get(key);
      if (now !== undefined) to.set(key, now);
    }
    this.before.clear();
    return [from, to];
  }
}

const nodeOwner = '';

export class ServiceTables {
  readonly #parts = new Map<string, Part>();
  readonly #maps = new Map(mapNames.map((name) => [name, new Shared<string>()]));
  readonly #chains = new Shared<readonly string[]>();
  readonly #memories = new Shared<true>();
  #node: ServiceRules = nodeRules([], []);
  #surroundings = '';

  update(input: TablesInput): RulesChange {
    const { services, endpointSlices, nodeAddresses, serviceCidrs = [], clusterCidr, nodeName, zone } = input;
    const surroundings = JSON.stringify([clusterCidr, nodeName, zone, nodeAddresses, serviceCidrs]);
    if (surroundings !== this.#surroundings) this.#moveTo(nodeRules(nodeAddresses, serviceCidrs));
    this.#surroundings = surroundings;
    const slices = slicesByService(endpointSlices);
    const keys = new Set<string>();
    for (const service of services) {
      const key = `${service.metadata.namespace}/${service.metadata.name}`;
      keys.add(key);
      this.#set(key, service, slices.get(key) ?? noSlices, input);
    }
    for (const [key, { rules }] of this.#parts) {
      if (keys.has(key)) continue;
      this.#parts.delete(key);
      this.#remove(key, rules);
    }
    return this.#change();
  }

  whole(): ServiceRules {
    return {
      maps: this.#eachMap((shared) => shared.values),
      chains: this.#chains.values,
      memories: new Set(this.#memories.values.keys()),
    };
  }

  /** Everything depends on where the node is. */
  #moveTo(node: ServiceRules): void {
    for (const [key, { rules }] of this.#parts) this.#remove(key, rules);
    this.#parts.clear();
    this.#remove(nodeOwner, this.#node);
    this.#node = node;
    this.#add(nodeOwner, this.#node);
  }

  #set(key: string, service: Service, slices: readonly EndpointSlice[], surroundings: Surroundings): void {
    const before = this.#parts.get(key);
    if (before?.service === service && same(before.slices, slices)) return;
    const rules = rulesOf(service, slices, surroundings);
    if (before !== undefined) this.#remove(key, before.rules);
    this.#add(key, rules);
    this.#parts.set(key, { service, slices, rules });
  }

  #add(owner: string, { maps, chains, memories }: ServiceRules): void {
    for (const [name, shared] of this.#maps) for (const [key, value] of maps[name]) shared.add(key, owner, value);
    for (const [name, lines] of chains) this.#chains.add(name, owner, lines);
    for (const name of memories) this.#memories.add(name, owner, true);
  }

  #remove(owner: string, { maps, chains, memories }: ServiceRules): void {
    for (const [name, shared] of this.#maps) for (const key of maps[name].keys()) shared.remove(key, owner);
    for (const name of chains.keys()) this.#chains.remove(name, owner);
    for (const name of memories) this.#memories.remove(name, owner);
  }

  #eachMap(pick: (shared: Shared<string>) => ReadonlyMap<string, string>): Record<MapName, ReadonlyMap<string, string>> {
    // Each name is there once: the record is whole.
    return Object.fromEntries([...this.#maps].map(([name, shared]) => [name, pick(shared)])) as Record<
      MapName,
      ReadonlyMap<string, string>
    >;
  }

  #change(): RulesChange {
    const changes = new Map([...this.#maps.values()].map((shared) => [shared, shared.change()]));
    const [chainsBefore, chains] = this.#chains.change();
    const [memoriesBefore, memories] = this.#memories.change();
    return {
      from: {
        maps: this.#eachMap((shared) => changes.get(shared)?.[0] ?? new Map()),
        chains: chainsBefore,
        memories: new Set(memoriesBefore.keys()),
      },
      to: { maps: this.#eachMap((shared) => changes.get(shared)?.[1] ?? new Map()), chains, memories: new Set(memories.keys()) },
    };
  }
}

/** The whole for one moment. */
export function serviceRules(input: TablesInput): ServiceRules {
  const tables = new ServiceTables();
  tables.update(input);
  return tables.whole();
}
