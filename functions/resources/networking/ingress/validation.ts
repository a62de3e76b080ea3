/** Source: pkg/apis/networking/validation/validation.go, ValidateIngressCreate. */
import { type FieldError, invalid, notSupported, required } from '../../../kube/field-error.ts';
import type { HTTPIngressPath, Ingress, IngressBackend, IngressRule, IngressTLS } from '../../../kube/generated/types.ts';
import { parseIp } from '../../../kube/ip.ts';
import { annotationsOf } from '../../../kube/object.ts';
import { dnsLabelErrors, dnsSubdomainErrors, portNameErrors, portNumberErrors, wildcardSubdomainErrors } from '../../../kube/names.ts';
import { validateIp } from '../../ip-rules.ts';
import { validateLocalReference } from '../reference-validation.ts';

const classAnnotation = 'kubernetes.io/ingress.class';
const pathTypes = ['Exact', 'ImplementationSpecific', 'Prefix'];
const badSequences = ['//', '/./', '/../', '%2f', '%2F'];
const badEndings = ['/..', '/.'];
const noIp = 'must be a DNS name, not an IP address';

const nameErrors = (name: string): string[] => (name.includes('*') ? wildcardSubdomainErrors(name) : dnsSubdomainErrors(name));

export function validateIngress({ spec, metadata }: Ingress, current?: Ingress): FieldError[] {
  const { rules = [], tls = [], defaultBackend, ingressClassName } = spec ?? {};
  const errors: FieldError[] = [];
  if (rules.length === 0 && defaultBackend === undefined) {
    errors.push(invalid('spec', spec?.rules ?? null, 'either `defaultBackend` or `rules` must be specified'));
  }
  if (defaultBackend !== undefined) errors.push(...backendErrors(defaultBackend, 'spec.defaultBackend'));
  const mayHaveBadRules = (current?.spec?.rules ?? []).some(
    (rule) => rule.host?.includes('*') === true && pathsErrors(rule, '').length > 0,
  );
  rules.forEach((rule, index) => errors.push(...ruleErrors(rule, `spec.rules[${index}]`, mayHaveBadRules)));
  const mayHaveBadSecrets = (current?.spec?.tls ?? []).some((one) => secretErrors(one, '').length > 0);
  tls.forEach((one, index) => {
    const path = `spec.tls[${index}]`;
    errors.push(...hostsErrors(one, path), ...(mayHaveBadSecrets ? [] : secretErrors(one, path)));
  });
  if (ingressClassName !== undefined) {
    errors.push(...dnsSubdomainErrors(ingressClassName).map((why) => invalid('spec.ingressClassName', ingressClassName, why)));
  }
  return current === undefined ? [...errors, ...annotationErrors({ spec, metadata } as Ingress)] : errors;
}

function annotationErrors(ingress: Ingress): FieldError[] {
  const annotated = annotationsOf(ingress)[classAnnotation];
  const named = ingress.spec?.ingressClassName;
  if (annotated === undefined || named === undefined || annotated === named) return [];
  return [invalid(`annotations.${classAnnotation}`, annotated, 'must match `ingressClassName` when both are specified')];
}

const hostsErrors = ({ hosts = [] }: IngressTLS, path: string): FieldError[] =>
  hosts.flatMap((host, index) => nameErrors(host).map((why) => invalid(`${path}.hosts[${index}]`, host, why)));

const secretErrors = ({ secretName }: IngressTLS, path: string): FieldError[] =>
  secretName ? dnsSubdomainErrors(secretName).map((why) => invalid(`${path}.secretName`, secretName, why)) : [];

function ruleErrors(rule: IngressRule, path: string, mayHaveBadRules: boolean): FieldError[] {
  const { host } = rule;
  const errors: FieldError[] = [];
  if (host) {
    if (parseIp(host) !== undefined) errors.push(invalid(`${path}.host`, host, noIp));
    errors.push(...nameErrors(host).map((why) => invalid(`${path}.host`, host, why)));
  }
  return mayHaveBadRules && host?.includes('*') === true ? errors : [...errors, ...pathsErrors(rule, path)];
}

function pathsErrors({ http }: IngressRule, path: string): FieldError[] {
  if (http === undefined) return [];
  const paths = http.paths ?? [];
  if (paths.length === 0) return [required(`${path}.http.paths`)];
  return paths.flatMap((one, index) => pathErrors(one, `${path}.http.paths[${index}]`));
}

function pathErrors({ path = '', pathType, backend }: HTTPIngressPath, field: string): FieldError[] {
  if (pathType === undefined || pathType === null) return [required(`${field}.pathType`, 'pathType must be specified')];
  const errors: FieldError[] = [];
  const isExact = pathType === 'Exact' || pathType === 'Prefix';
  if (!pathTypes.includes(pathType)) errors.push(notSupported(`${field}.pathType`, pathType, pathTypes));
  else if (!path.startsWith('/') && (isExact || path !== '')) errors.push(invalid(`${field}.path`, path, 'must be an absolute path'));
  if (isExact) {
    for (const part of badSequences) if (path.includes(part)) errors.push(invalid(`${field}.path`, path, `must not contain '${part}'`));
    for (const end of badEndings) if (path.endsWith(end)) errors.push(invalid(`${field}.path`, path, `cannot end with '${end}'`));
  }
  return [...errors, ...backendErrors(backend ?? {}, `${field}.backend`)];
}

function backendErrors({ resource, service }: IngressBackend, path: string): FieldError[] {
  if (resource !== undefined && service !== undefined) return [invalid(path, '', 'cannot set both resource and service backends')];
  if (resource !== undefined) return validateLocalReference(resource, `${path}.resource`);
  if (service === undefined) return [invalid(path, '', 'resource or service backend is required')];
  const { name, port } = service;
  const errors = name ? dnsLabelErrors(name).map((why) => invalid(`${path}.service.name`, name, why)) : [required(`${path}.service.name`)];
  const [portName, portNumber] = [port?.name ?? '', port?.number ?? 0];
  if (portName !== '' && portNumber !== 0) errors.push(invalid(path, '', 'cannot set both port name & port number'));
  else if (portName !== '') errors.push(...portNameErrors(portName).map((why) => invalid(`${path}.service.port.name`, portName, why)));
  else if (portNumber !== 0) {
    errors.push(...portNumberErrors(portNumber).map((why) => invalid(`${path}.service.port.number`, portNumber, why)));
  } else errors.push(required(path, 'port name or number is required'));
  return errors;
}

export function validateIngressStatus({ status }: Ingress, current: Ingress): FieldError[] {
  const stored = (current.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip || []);
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }, index) => {
    const path = `status.loadBalancer.ingress[${index}]`;
    const errors = ip ? validateIp(ip, `${path}.ip`, stored) : [];
    if (!hostname) return errors;
    errors.push(...dnsSubdomainErrors(hostname).map((why) => invalid(`${path}.hostname`, hostname, why)));
    if (parseIp(hostname) !== undefined) errors.push(invalid(`${path}.hostname`, hostname, noIp));
    return errors;
  });
}

export function ingressWarnings(ingress: Ingress, current?: Ingress): string[] {
  const isNew = current === undefined;
  const isAnnotated = annotationsOf(ingress)[classAnnotation] !== undefined && ingress.spec?.ingressClassName === undefined;
  return isNew && isAnnotated ? [`annotation "${classAnnotation}" is deprecated, please use 'spec.ingressClassName' instead`] : [];
}
