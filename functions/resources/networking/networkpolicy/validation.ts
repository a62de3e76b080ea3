/** Source: pkg/apis/networking/validation/validation.go, ValidateNetworkPolicy. */
import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../../kube/field-error.ts';
import type { IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '../../../kube/generated/types.ts';
import { contains, parseIpRange } from '../../../kube/ip.ts';
import { portNameErrors, portNumberErrors } from '../../../kube/names.ts';
import { rangeWarnings, validateRange } from '../../ip-rules.ts';
import { validateLabelSelector } from '../../label-selector-validation.ts';

const protocols = ['TCP', 'UDP', 'SCTP'];
const policyTypes = ['Ingress', 'Egress'];

interface Rule {
  readonly path: string;
  readonly peersField: 'from' | 'to';
  readonly ports: readonly NetworkPolicyPort[];
  readonly peers: readonly NetworkPolicyPeer[];
}

function rulesOf({ spec }: NetworkPolicy): Rule[] {
  return [
    ...(spec?.ingress ?? []).map(({ ports = [], from = [] }, index): Rule => {
      return { path: `spec.ingress[${index}]`, peersField: 'from', ports, peers: from };
    }),
    ...(spec?.egress ?? []).map(({ ports = [], to = [] }, index): Rule => {
      return { path: `spec.egress[${index}]`, peersField: 'to', ports, peers: to };
    }),
  ];
}

const rangesOf = (policy: NetworkPolicy): string[] =>
  rulesOf(policy).flatMap(({ peers }) =>
    peers.flatMap(({ ipBlock }) => (ipBlock === undefined ? [] : [ipBlock.cidr ?? '', ...(ipBlock.except ?? [])])),
  );

export function validateNetworkPolicy(policy: NetworkPolicy, current?: NetworkPolicy): FieldError[] {
  const stored = current === undefined ? [] : rangesOf(current);
  const rules = rulesOf(policy).flatMap(({ path, peersField, ports, peers }) => [
    ...ports.flatMap((port, index) => portErrors(port, `${path}.ports[${index}]`)),
    ...peers.flatMap((peer, index) => peerErrors(peer, `${path}.${peersField}[${index}]`, stored)),
  ]);
  return [...validateLabelSelector(policy.spec?.podSelector ?? {}, 'spec.podSelector'), ...rules, ...typeErrors(policy)];
}

function typeErrors({ spec }: NetworkPolicy): FieldError[] {
  const types = spec?.policyTypes ?? [];
  if (types.length > policyTypes.length) return [invalid('spec.policyTypes', types, 'may not specify more than two policyTypes')];
  return types.flatMap((type, index) =>
    policyTypes.includes(type) ? [] : [notSupported(`spec.policyTypes[${index}]`, type, policyTypes)],
  );
}

function portErrors({ protocol, port, endPort }: NetworkPolicyPort, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (protocol !== undefined && !protocols.includes(protocol)) errors.push(notSupported(`${path}.protocol`, protocol, protocols));
  const endErrors = endPort === undefined ? [] : endPortErrors(endPort, port, `${path}.endPort`);
  if (port === undefined) return [...errors, ...endErrors];
  if (typeof port === 'number') {
    return [...errors, ...portNumberErrors(port).map((why) => invalid(`${path}.port`, port, why)), ...endErrors];
  }
  return [...errors, ...endErrors, ...portNameErrors(port).map((why) => invalid(`${path}.port`, port, why))];
}

function endPortErrors(endPort: number, port: number | string | undefined, field: string): FieldError[] {
  if (port === undefined) return [invalid(field, endPort, 'may not be specified when `port` is not specified')];
  if (typeof port === 'string') return [invalid(field, endPort, 'may not be specified when `port` is non-numeric')];
  const order = endPort < port ? [invalid(field, endPort, 'must be greater than or equal to `port`')] : [];
  return [...order, ...portNumberErrors(endPort).map((why) => invalid(field, endPort, why))];
}

function peerErrors({ podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer, path: string, stored: readonly string[]): FieldError[] {
  const errors = [
    ...(podSelector === undefined ? [] : validateLabelSelector(podSelector, `${path}.podSelector`)),
    ...(namespaceSelector === undefined ? [] : validateLabelSelector(namespaceSelector, `${path}.namespaceSelector`)),
    ...(ipBlock === undefined ? [] : blockErrors(ipBlock, `${path}.ipBlock`, stored)),
  ];
  const hasSelector = podSelector !== undefined || namespaceSelector !== undefined;
  if (!hasSelector && ipBlock === undefined) return [...errors, required(path, 'must specify a peer')];
  return hasSelector && ipBlock !== undefined ? [...errors, forbiddenField(path, 'may not specify both ipBlock and another peer')] : errors;
}

function blockErrors({ cidr, except = [] }: IPBlock, path: string, stored: readonly string[]): FieldError[] {
  if (!cidr) return [required(`${path}.cidr`)];
  const errors = validateRange(cidr, `${path}.cidr`, stored);
  const whole = parseIpRange(cidr);
  if (whole === undefined) return errors;
  except.forEach((text, index) => {
    const field = `${path}.except[${index}]`;
    errors.push(...validateRange(text, field, stored));
    const part = parseIpRange(text);
    if (part !== undefined && (!contains(whole, part.address) || whole.prefix >= part.prefix)) {
      errors.push(invalid(field, text, 'must be a strict subset of `cidr`'));
    }
  });
  return errors;
}

export const networkPolicyWarnings = (policy: NetworkPolicy): string[] =>
  rulesOf(policy).flatMap(({ path, peersField, peers }) =>
    peers.flatMap(({ ipBlock }, index) => {
      const field = `${path}.${peersField}[${index}].ipBlock`;
      const except = ipBlock?.except ?? [];
      return [
        ...rangeWarnings(ipBlock?.cidr ?? '', `${field}.cidr`),
        ...except.flatMap((text, position) => rangeWarnings(text, `${field}.except[${position}]`)),
      ];
    }),
  );
