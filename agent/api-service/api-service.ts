/**
 * The Service `kubernetes` where the API has a name and no address: pods reach it under its usual name and address, by way
 * of their node. The agent listens there with a certificate of the node's own authority. It adds this authority to
 * `kube-root-ca.crt` of the node's pods, so that clients in containers work without other settings.
 */
import { isIP } from 'node:net';
import type { CertificatePair } from '../../functions/client/certificates.ts';
import { noApiAddress } from '../../functions/node-protocol/api-address.ts';
import type { ConfigMap, EndpointSlice, Service } from '../../functions/kube/generated/types.ts';
import { nameOf, namespaceOf } from '../../functions/kube/object.ts';
import type { World } from '../../functions/world.ts';
import type { AgentConfig } from '../config.ts';
import type { Lookup } from '../pods/lookup.ts';
import { apiCertificate } from './certificates.ts';
import { startForwarder, type Forwarder } from './forwarder.ts';

export interface ApiServiceOptions {
  readonly config: Pick<AgentConfig, 'server' | 'caFile' | 'clusterDns' | 'clusterDomain'>;
  readonly authority: CertificatePair;
  readonly world: Pick<World, 'clock' | 'random' | 'log'>;
  /** The port to listen at; 0 for any free one. */
  readonly port?: number;
}

export interface ApiService {
  /** The slices for this node's proxy: the Service `kubernetes` leads to this node, if it leads nowhere. */
  endpointSlices(slices: readonly EndpointSlice[]): readonly EndpointSlice[];
  /** Listens once a pod may need it. The address must be there. */
  listen(services: readonly Service[], slices: readonly EndpointSlice[]): Promise<void>;
  close(): Promise<void>;
}

/** The port at an address that only nodes have; a pod in the host's network hardly wants it. */
export const apiServicePort = 10_443;
/** Where pods find what to trust. Source: kube-controller-manager, root-ca-cert-publisher. */
const trustedName = 'kube-root-ca.crt';
const trustedKey = 'ca.crt';

const isKubernetes = (object: Service | EndpointSlice): boolean => nameOf(object) === 'kubernetes' && namespaceOf(object) === 'default';

const leadsNowhere = (slice: EndpointSlice): boolean =>
  isKubernetes(slice) && slice.endpoints?.some(({ addresses }) => addresses.includes(noApiAddress)) === true;

export function createApiService({ config, authority, world, port = apiServicePort }: ApiServiceOptions): ApiService {
  const { clusterDns: address, clusterDomain, server, caFile } = config;
  let forwarder: Promise<Forwarder> | undefined;
  let listening = port;

  async function open(services: readonly Service[]): Promise<Forwarder> {
    const { clusterIPs = [] } = services.find(isKubernetes)?.spec ?? {};
    const names = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', `kubernetes.default.svc.${clusterDomain}`];
    const hosts = [...names, address, ...clusterIPs.filter((ip) => isIP(ip) !== 0)];
    const certificate = await apiCertificate(authority, hosts, world.clock);
    const started = await startForwarder({ address, port, certificate, server, caFile, world });
    listening = started.port;
    world.log.info('pods reach the API by way of this node', { address, port: listening });
    return started;
  }

  return {
    endpointSlices: (slices) => slices.map((slice) => (leadsNowhere(slice) ? leadingTo(slice, address, listening) : slice)),
    async listen(services, slices) {
      if (!slices.some(leadsNowhere)) return;
      forwarder ??= open(services);
      try {
        await forwarder;
      } catch (error) {
        forwarder = undefined;
        throw error;
      }
    },
    async close() {
      await (await forwarder)?.close();
    },
  };
}

function leadingTo(slice: EndpointSlice, address: string, port: number): EndpointSlice {
  const ports = (slice.ports ?? []).map((one) => ({ ...one, port }));
  return { ...slice, endpoints: [{ addresses: [address], conditions: { ready: true } }], ports };
}

/** The lookup with the node's authority added to `kube-root-ca.crt` while the node stands in for the API. */
export function trusting(
  lookup: Lookup & { endpointSlices(): readonly EndpointSlice[] },
  { certificatePem }: Pick<CertificatePair, 'certificatePem'>,
): Lookup {
  const withAuthority = (known: ConfigMap): ConfigMap => {
    const before = known.data?.[trustedKey] ?? '';
    const own = before === '' || before.endsWith('\n') ? before : `${before}\n`;
    return { ...known, data: { ...known.data, [trustedKey]: `${own}${certificatePem}` } };
  };
  return {
    configMap(namespace, name) {
      const known = lookup.configMap(namespace, name);
      if (name !== trustedName || known === undefined || !lookup.endpointSlices().some(leadsNowhere)) return known;
      return withAuthority(known);
    },
    secret: (namespace, name) => lookup.secret(namespace, name),
    services: () => lookup.services(),
    clusterTrustBundles: () => lookup.clusterTrustBundles(),
    runtimeClass: (name) => lookup.runtimeClass(name),
  };
}
