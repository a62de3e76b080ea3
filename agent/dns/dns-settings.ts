/**
 * What administrators choose about names outside of the cluster: the ConfigMap `kube-dns` of kube-system, in upstream's format.
 *
 *   stubDomains:         {"acme.local": ["10.0.0.53"]}   who knows the names below a domain
 *   upstreamNameservers: ["8.8.8.8"]                     who knows all others, instead of the machine's own servers
 */
import { isIPv4 } from 'node:net';
import type { ConfigMap } from '../../functions/kube/generated/types.ts';
import { isJsonObject } from '../../functions/kube/object.ts';

export interface DnsSettings {
  /** From a domain in lower case to its servers, as `address` or `address:port`. */
  readonly stubDomains: ReadonlyMap<string, readonly string[]>;
  /** Servers for names outside the cluster; empty: the machine's own. */
  readonly upstreams: readonly string[];
}

export interface ReadSettings {
  readonly settings: DnsSettings;
  /** Settings that were left out, and why. */
  readonly problems: readonly string[];
}

export const noSettings: DnsSettings = { stubDomains: new Map(), upstreams: [] };

/** Source: the documentation of kube-dns: three at most. */
const upstreamsMax = 3;

export function readDnsSettings(configMap: ConfigMap | undefined): ReadSettings {
  const problems: string[] = [];
  const value = (key: string): unknown => {
    const text = configMap?.data?.[key];
    if (text === undefined || text.trim() === '') return undefined;
    try {
      return JSON.parse(text);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      problems.push(`${key} is not JSON`);
      return undefined;
    }
  };
  const servers = (key: string, list: unknown): readonly string[] => {
    const items: readonly unknown[] = Array.isArray(list) ? list : [];
    const wrong = Array.isArray(list) ? items.filter((item) => !isServer(item)) : [list];
    for (const item of wrong) problems.push(`${key}: ${JSON.stringify(item)} is not the IPv4 address of a name server`);
    return items.filter(isServer);
  };
  const [stubs, upstreams] = [value('stubDomains'), value('upstreamNameservers')];
  if (stubs !== undefined && !isJsonObject(stubs)) problems.push('stubDomains is not an object');
  const domains = Object.entries(isJsonObject(stubs) ? stubs : {}).map(
    ([domain, list]) => [domain.toLowerCase().replace(/\.$/, ''), servers(`stubDomains ${domain}`, list)] as const,
  );
  return {
    settings: {
      stubDomains: new Map(domains.filter(([, list]) => list.length > 0)),
      upstreams: upstreams === undefined ? [] : servers('upstreamNameservers', upstreams).slice(0, upstreamsMax),
    },
    problems,
  };
}

function isServer(item: unknown): item is string {
  if (typeof item !== 'string') return false;
  const [address = '', port = '53', ...rest] = item.split(':');
  return rest.length === 0 && isIPv4(address) && /^\d{1,5}$/.test(port);
}

/** The longest domain that the name is below. */
export function stubOf(name: string, { stubDomains }: DnsSettings): string | undefined {
  const labels = name.split('.');
  return labels.map((_, index) => labels.slice(index).join('.')).find((domain) => stubDomains.has(domain));
}
