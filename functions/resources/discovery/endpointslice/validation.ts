/** Source: pkg/apis/discovery/validation/validation.go. */
import { type FieldError, duplicate, invalid, required, tooMany } from '../../../kube/field-error.ts';
import type { DiscoveryEndpointPort, Endpoint, EndpointSlice } from '../../../kube/generated/types.ts';
import { parseIp } from '../../../kube/ip.ts';
import { dnsLabelErrors, dnsSubdomainErrors } from '../../../kube/names.ts';
import { repeatedIndexes, validateOneOf } from '../../field-rules.ts';
import { validateEndpointIp, validateIp } from '../../ip-rules.ts';
import { validateDeclaredImmutable } from '../../metadata-validation.ts';

const addressesMax = 100;
const endpointsMax = 1000;
const portsMax = 20000;

export function validateEndpointSlice(slice: EndpointSlice): FieldError[] {
  const { addressType } = slice;
  const [endpoints, ports] = [slice.endpoints ?? [], slice.ports ?? []];
  return [
    ...validateOneOf(addressType, ['FQDN', 'IPv4', 'IPv6'], 'addressType'),
    ...(endpoints.length > endpointsMax ? [tooMany('endpoints', endpoints.length, endpointsMax)] : []),
    ...endpoints.flatMap((endpoint, index) => endpointErrors(endpoint, addressType, `endpoints[${index}]`)),
    ...(ports.length > portsMax ? [tooMany('ports', ports.length, portsMax)] : []),
    ...portsErrors(ports),
  ];
}

function endpointErrors(endpoint: Endpoint, addressType: string, path: string): FieldError[] {
  const { hostname } = endpoint;
  const addresses = endpoint.addresses ?? [];
  const errors: FieldError[] = [];
  if (addresses.length === 0) errors.push(required(`${path}.addresses`, 'must contain at least 1 address'));
  if (addresses.length > addressesMax) errors.push(tooMany(`${path}.addresses`, addresses.length, addressesMax));
  addresses.forEach((address, index) => errors.push(...addressErrors(address, addressType, `${path}.addresses[${index}]`)));
  return hostname ? [...errors, ...dnsLabelErrors(hostname).map((why) => invalid(`${path}.hostname`, hostname, why))] : errors;
}

function addressErrors(address: string, addressType: string, field: string): FieldError[] {
  if (addressType === 'IPv4' || addressType === 'IPv6') {
    const errors = validateIp(address, field);
    if (errors.length > 0) return errors;
    const isOfType = addressType === 'IPv4' ? parseIp(address)?.bits === 32 : parseIp(address)?.bits === 128;
    return [...(isOfType ? [] : [invalid(field, address, `must be an ${addressType} address`)]), ...validateEndpointIp(address, field)];
  }
  return addressType === 'FQDN' ? dnsSubdomainErrors(address).map((why) => invalid(field, address, why)) : [];
}

function portsErrors(ports: readonly DiscoveryEndpointPort[]): FieldError[] {
  const errors = ports.flatMap(({ name, protocol }, index) => [
    ...(name ? dnsLabelErrors(name).map((why) => invalid(`ports[${index}].name`, name, why)) : []),
    ...validateOneOf(protocol, ['SCTP', 'TCP', 'UDP'], `ports[${index}].protocol`),
  ]);
  const repeated = repeatedIndexes(ports.map(({ name }) => name ?? ''));
  return [...errors, ...repeated.map((index) => duplicate(`ports[${index}].name`, ports[index]?.name ?? ''))];
}

export const validateEndpointSliceUpdate = (next: EndpointSlice, current: EndpointSlice): FieldError[] =>
  validateDeclaredImmutable(next.addressType, current.addressType, 'addressType');
