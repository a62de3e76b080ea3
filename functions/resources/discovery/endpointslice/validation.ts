/** Source: pkg/apis/discovery/validation/validation.go. What upstream's API declares of a slice comes after what it codes. */
import { semanticallyEqual } from '../../../kube/equality.ts';
import { type FieldError, duplicate, invalid, required, tooMany } from '../../../kube/field-error.ts';
import type { DiscoveryEndpointPort, Endpoint, EndpointHints, EndpointSlice } from '../../../kube/generated/types.ts';
import { parseIp } from '../../../kube/ip.ts';
import { dnsLabelErrors, dnsSubdomainErrors, labelValueErrors, qualifiedNameErrors } from '../../../kube/names.ts';
import { validateOneOf, withDeclared } from '../../field-rules.ts';
import { canonicalIpErrors, validateEndpointIp, validateIp } from '../../ip-rules.ts';
import { validateDeclaredImmutable, validateLabels } from '../../metadata-validation.ts';
import { domainNameErrors } from './domain-name.ts';

const addressesMax = 100;
const endpointsMax = 1000;
const portsMax = 20_000;
const hintsMax = 8;
const topologyLabelsMax = 16;
const addressTypes = ['FQDN', 'IPv4', 'IPv6'];

export function validateEndpointSlice(slice: EndpointSlice, current?: EndpointSlice): FieldError[] {
  const { addressType = '' } = slice;
  const endpoints = slice.endpoints ?? [];
  const isUnchanged = current !== undefined && semanticallyEqual(endpoints, current.endpoints ?? []);
  const type = validateOneOf(addressType, addressTypes, 'addressType');
  const coded = [...type, ...portsErrors(slice.ports ?? []), ...(isUnchanged ? [] : endpointsErrors(endpoints, addressType))];
  const change = current === undefined ? [] : validateDeclaredImmutable(addressType, current.addressType, 'addressType');
  const declared = [
    // A type that may not change is not read any further.
    ...(change.length > 0 && addressType !== '' ? [] : type),
    ...change,
    ...(isUnchanged ? [] : endpoints.flatMap(({ addresses }, index) => countErrors(addresses ?? [], `endpoints[${index}].addresses`))),
  ];
  return withDeclared(coded, declared);
}

function countErrors(addresses: readonly string[], field: string): FieldError[] {
  if (addresses.length === 0) return [required(field)];
  return addresses.length > addressesMax ? [tooMany(field, addresses.length, addressesMax)] : [];
}

function endpointsErrors(endpoints: readonly Endpoint[], addressType: string): FieldError[] {
  if (endpoints.length > endpointsMax) return [tooMany('endpoints', endpoints.length, endpointsMax)];
  return endpoints.flatMap((endpoint, index) => endpointErrors(endpoint, addressType, `endpoints[${index}]`));
}

function endpointErrors(endpoint: Endpoint, addressType: string, path: string): FieldError[] {
  const { hostname, nodeName, hints, deprecatedTopology = {} } = endpoint;
  const labels = Object.keys(deprecatedTopology).length;
  return [
    ...(endpoint.addresses ?? []).flatMap((address, index) => addressErrors(address, addressType, { list: `${path}.addresses`, index })),
    ...(nodeName === undefined ? [] : dnsSubdomainErrors(nodeName).map((why) => invalid(`${path}.nodeName`, nodeName, why))),
    ...(labels > topologyLabelsMax ? [tooMany(`${path}.deprecatedTopology`, labels, topologyLabelsMax)] : []),
    ...validateLabels(deprecatedTopology, `${path}.deprecatedTopology`),
    ...(hostname === undefined ? [] : dnsLabelErrors(hostname).map((why) => invalid(`${path}.hostname`, hostname, why))),
    ...(hints === undefined ? [] : hintErrors(hints, `${path}.hints`)),
  ];
}

function addressErrors(address: string, addressType: string, { list, index }: { list: string; index: number }): FieldError[] {
  const field = `${list}[${index}]`;
  switch (addressType) {
    case 'IPv4':
    case 'IPv6': {
      const errors =
        addressType === 'IPv4' ? validateIp(address, field) : canonicalIpErrors(address).map((why) => invalid(field, address, why));
      if (errors.length > 0) return errors;
      const isOfType = parseIp(address)?.bits === (addressType === 'IPv4' ? 32 : 128);
      return [...(isOfType ? [] : [invalid(list, address, `must be an ${addressType} address`)]), ...validateEndpointIp(address, field)];
    }
    case 'FQDN':
      return domainNameErrors(address, field);
    default:
      return [];
  }
}

function hintErrors({ forZones = [], forNodes = [] }: EndpointHints, path: string): FieldError[] {
  if (forZones.length > hintsMax) return [tooMany(`${path}.forZones`, forZones.length, hintsMax)];
  const zones = namedErrors(forZones, `${path}.forZones`, labelValueErrors);
  if (forNodes.length > hintsMax) return [...zones, tooMany(`${path}.forNodes`, forNodes.length, hintsMax)];
  return [...zones, ...namedErrors(forNodes, `${path}.forNodes`, dnsSubdomainErrors)];
}

const namedErrors = (list: readonly { readonly name: string }[], path: string, wrong: (name: string) => string[]): FieldError[] =>
  list.flatMap(({ name = '' }, index) => {
    const field = `${path}[${index}].name`;
    const isRepeated = list.findIndex((other) => (other.name ?? '') === name) < index;
    return [...(isRepeated ? [duplicate(field, name)] : []), ...wrong(name).map((why) => invalid(field, name, why))];
  });

function portsErrors(ports: readonly DiscoveryEndpointPort[]): FieldError[] {
  if (ports.length > portsMax) return [tooMany('ports', ports.length, portsMax)];
  const names = new Set<string>();
  return ports.flatMap(({ name = '', protocol, appProtocol }, index) => {
    const path = `ports[${index}]`;
    const errors = name === '' ? [] : dnsLabelErrors(name).map((why) => invalid(`${path}.name`, name, why));
    if (names.has(name)) errors.push(duplicate(`${path}.name`, name));
    names.add(name);
    return [
      ...errors,
      ...validateOneOf(protocol, ['SCTP', 'TCP', 'UDP'], `${path}.protocol`),
      ...(appProtocol === undefined ? [] : qualifiedNameErrors(appProtocol).map((why) => invalid(`${path}.appProtocol`, appProtocol, why))),
    ];
  });
}
