/** Source: pkg/apis/core/validation/validation.go, ValidateEndpoints. */
import { isIP } from 'node:net';
import { type FieldError, invalid, required } from '../../../kube/field-error.ts';
import type { EndpointAddress, EndpointPort, EndpointSubset, Endpoints } from '../../../kube/generated/types.ts';
import { dnsLabelErrors, dnsSubdomainErrors, portNumberErrors, qualifiedNameErrors } from '../../../kube/names.ts';
import { validateOneOf } from '../../field-rules.ts';
import { validateEndpointIp } from '../../ip-rules.ts';

export const validateEndpoints = ({ subsets = [] }: Endpoints): FieldError[] =>
  subsets.flatMap((subset, index) => subsetErrors(subset, `subsets[${index}]`));

function subsetErrors({ addresses = [], notReadyAddresses = [], ports = [] }: EndpointSubset, path: string): FieldError[] {
  if (addresses.length + notReadyAddresses.length === 0) return [required(path, 'must specify `addresses` or `notReadyAddresses`')];
  return [
    ...addresses.flatMap((address, index) => addressErrors(address, `${path}.addresses[${index}]`)),
    ...notReadyAddresses.flatMap((address, index) => addressErrors(address, `${path}.notReadyAddresses[${index}]`)),
    ...ports.flatMap((port, index) => portErrors(port, `${path}.ports[${index}]`, ports.length > 1)),
  ];
}

const noIp = 'must be a valid IP address';

export const ipErrors = (ip: string, field: string): FieldError[] =>
  isIP(ip) === 0 ? [invalid(field, ip, `${noIp}, (e.g. 10.9.8.7 or 2001:db8::ffff)`)] : [];

function addressErrors({ ip, hostname, nodeName }: EndpointAddress, path: string): FieldError[] {
  const field = `${path}.ip`;
  const noAddress = ipErrors(ip, field);
  return [
    ...noAddress,
    ...(hostname ? dnsLabelErrors(hostname).map((why) => invalid(`${path}.hostname`, hostname, why)) : []),
    ...(nodeName === undefined ? [] : dnsSubdomainErrors(nodeName).map((why) => invalid(`${path}.nodeName`, nodeName, why))),
    // Upstream asks twice, by two rules.
    ...(noAddress.length > 0 ? [invalid(field, ip, noIp)] : validateEndpointIp(ip, field)),
  ];
}

function portErrors({ name, port, protocol, appProtocol }: EndpointPort, path: string, needsName: boolean): FieldError[] {
  return [
    ...(needsName && !name ? [required(`${path}.name`)] : []),
    ...(name ? dnsLabelErrors(name).map((why) => invalid(`${path}.name`, name, why)) : []),
    ...portNumberErrors(port).map((why) => invalid(`${path}.port`, port, why)),
    ...validateOneOf(protocol, ['SCTP', 'TCP', 'UDP'], `${path}.protocol`),
    ...(appProtocol === undefined ? [] : qualifiedNameErrors(appProtocol).map((why) => invalid(`${path}.appProtocol`, appProtocol, why))),
  ];
}
