/** Reads and checks an AuthenticationConfiguration. Source: apiserver, pkg/apis/apiserver/validation/validation.go. */
import { X509Certificate } from 'node:crypto';
import { loadExpressions } from '../../../cel/program.ts';
import { ConfigurationError } from '../../../kube/configuration/configuration-error.ts';
import { type DocumentKind, readDocument } from '../../../kube/configuration/document.ts';
import { aggregate, duplicate, type FieldError, invalid, required, tooMany } from '../../../kube/field-error.ts';
import { pemBlocks } from '../../../kube/pem.ts';
import { urlProblem } from '../../../cel/library/urls.ts';
import { withoutTrailing } from '../../../kube/trailing.ts';
import { validateDomainPrefixedPath } from '../../../resources/field-rules.ts';
import { clusterIssuer } from '../tokens.ts';
import { compileExpression, readsClaim, type Subject } from './expressions.ts';
import {
  authenticationShape,
  type AuthenticationSettings,
  type ClaimMappings,
  type ClaimRule,
  type ExtraMapping,
  type IssuerSettings,
  type JwtSettings,
  type PrefixedClaim,
  type UserRule,
} from './settings.ts';

const documentKind: DocumentKind = {
  kind: 'AuthenticationConfiguration',
  groupVersions: ['v1', 'v1beta1', 'v1alpha1'].map((version) => `apiserver.config.k8s.io/${version}`),
  shape: authenticationShape,
};
const issuersMax = 64;
/** Issuers that no file may name: their tokens are this cluster's own. */
const disallowedIssuers: readonly string[] = [clusterIssuer];

/** Throws a ConfigurationError with all that is wrong. */
export async function readAuthenticationConfiguration(source: string): Promise<AuthenticationSettings> {
  if (source.trim() === '') throw new ConfigurationError('empty config data');
  const { jwt, anonymous } = (await readDocument(source, documentKind)) as Partial<AuthenticationSettings>;
  const settings: AuthenticationSettings = { jwt: jwt ?? [], ...(anonymous === undefined ? {} : { anonymous }) };
  await loadExpressions();
  const errors = errorsOf(settings);
  if (errors.length === 0) return settings;
  throw new ConfigurationError(
    `invalid authentication configuration: ${aggregate(errors.map(({ field, message }) => `${field}: ${message}`))}`,
  );
}

function errorsOf({ jwt, anonymous }: AuthenticationSettings): readonly FieldError[] {
  if (jwt.length > issuersMax) return [tooMany('jwt', jwt.length, issuersMax)];
  return [
    ...jwt.flatMap((one, index) => {
      const [path, before] = [`jwt[${index}]`, jwt.slice(0, index).map(issuerOf)];
      const { url, discoveryURL = '' } = issuerOf(one);
      return [
        ...jwtErrors(one, path),
        ...(before.some((other) => other.url === url) ? [duplicate(`${path}.issuer.url`, url)] : []),
        ...(discoveryURL !== '' && before.some((other) => other.discoveryURL === discoveryURL)
          ? [duplicate(`${path}.issuer.discoveryURL`, discoveryURL)]
          : []),
      ];
    }),
    ...anonymousErrors(anonymous),
  ];
}

function anonymousErrors(anonymous: AuthenticationSettings['anonymous']): FieldError[] {
  const conditions = anonymous?.conditions ?? [];
  if (anonymous === undefined || anonymous.enabled === true || conditions.length === 0) return [];
  const shown = conditions.map(({ path = '' }) => ({ Path: path }));
  return [invalid('anonymous.conditions', shown, 'enabled should be set to true when conditions are defined')];
}

const noIssuer: IssuerSettings = { url: '', audiences: [] };
const issuerOf = ({ issuer }: Partial<JwtSettings>): IssuerSettings => ({ ...noIssuer, ...issuer });

/** `settings` may lack what is required. */
function jwtErrors(settings: Partial<JwtSettings>, path: string): FieldError[] {
  const { claimValidationRules = [], claimMappings = {}, userValidationRules = [] } = settings;
  return [
    ...issuerErrors(issuerOf(settings), `${path}.issuer`),
    ...claimRuleErrors(claimValidationRules, `${path}.claimValidationRules`),
    ...mappingErrors(claimMappings, claimValidationRules, `${path}.claimMappings`),
    ...userRuleErrors(userValidationRules, `${path}.userValidationRules`),
  ];
}

function issuerErrors(issuer: IssuerSettings, path: string): FieldError[] {
  const { url, discoveryURL = '', certificateAuthority = '', egressSelectorType = '' } = issuer;
  const isOwn = url !== '' && discoveryURL !== '' && withoutTrailing(url, '/') === withoutTrailing(discoveryURL, '/');
  return [
    ...(url === '' ? [required(`${path}.url`)] : urlErrors(url, `${path}.url`, disallowedIssuers)),
    ...(isOwn ? [invalid(`${path}.discoveryURL`, discoveryURL, 'discoveryURL must be different from URL')] : []),
    ...(discoveryURL === '' ? [] : urlErrors(discoveryURL, `${path}.discoveryURL`, [])),
    ...audienceErrors(issuer, path),
    ...(certificateAuthority === '' || hasCertificates(certificateAuthority)
      ? []
      : [invalid(`${path}.certificateAuthority`, '<omitted>', 'data does not contain any valid RSA or ECDSA certificates')]),
    ...(egressSelectorType === '' ? [] : [invalid(`${path}.egressSelectorType`, egressSelectorType, egressProblem(egressSelectorType))]),
  ];
}

/** This server has no egress selectors: it cannot ask the issuer by one. */
const egressProblem = (type: string): string =>
  type === 'controlplane' || type === 'cluster'
    ? `egress lookup required with egress selector type ${JSON.stringify(type)}`
    : 'egress selector must be either controlplane or cluster';

function urlErrors(url: string, path: string, disallowed: readonly string[]): FieldError[] {
  const overlaps = disallowed.includes(url)
    ? [invalid(path, url, `URL must not overlap with disallowed issuers: [${disallowed.join(' ')}]`)]
    : [];
  const problem = urlProblem(url);
  if (problem !== undefined || !URL.canParse(url))
    return [...overlaps, invalid(path, url, problem ?? `parse ${JSON.stringify(url)}: invalid URI for request`)];
  const { protocol, username, password, search, hash } = new URL(url);
  return [
    ...overlaps,
    ...(protocol === 'https:' ? [] : [invalid(path, url, 'URL scheme must be https')]),
    ...(username === '' && password === '' ? [] : [invalid(path, url, 'URL must not contain a username or password')]),
    ...(search === '' ? [] : [invalid(path, url, 'URL must not contain a query')]),
    ...(hash === '' ? [] : [invalid(path, url, 'URL must not contain a fragment')]),
  ];
}

function audienceErrors({ audiences, audienceMatchPolicy = '' }: IssuerSettings, path: string): FieldError[] {
  const at = `${path}.audiences`;
  if (audiences.length === 0) return [required(at, `at least one ${at} is required`)];
  const policy = (detail: string): FieldError => invalid(`${path}.audienceMatchPolicy`, audienceMatchPolicy, detail);
  const isAny = audienceMatchPolicy === 'MatchAny';
  return [
    ...audiences.flatMap((audience, index) => [
      ...(audience === '' ? [required(`${at}[${index}]`)] : []),
      ...(audiences.indexOf(audience) < index ? [duplicate(`${at}[${index}]`, audience)] : []),
    ]),
    ...(audiences.length > 1 && !isAny ? [policy('audienceMatchPolicy must be MatchAny for multiple audiences')] : []),
    ...(audiences.length === 1 && audienceMatchPolicy !== '' && !isAny
      ? [policy('audienceMatchPolicy must be empty or MatchAny for single audience')]
      : []),
  ];
}

function hasCertificates(pem: string): boolean {
  try {
    return pemBlocks(pem).filter(({ label, text }) => label === 'CERTIFICATE' && new X509Certificate(text).raw.length > 0).length > 0;
  } catch (error) {
    // OpenSSL's errors, which have no class of their own.
    if (!(error instanceof Error)) throw error;
    return false;
  }
}

function expressionErrors(source: string, subject: Subject, path: string, isCondition = false): FieldError[] {
  const compiled = compileExpression(source, subject, isCondition);
  return 'problem' in compiled ? [invalid(path, source, compiled.problem)] : [];
}

function claimRuleErrors(rules: readonly ClaimRule[], path: string): FieldError[] {
  return rules.flatMap((rule, index): FieldError[] => {
    const at = `${path}[${index}]`;
    const { claim = '', requiredValue = '', expression = '', message = '' } = rule;
    const before = rules.slice(0, index).filter((other) => kindOf(other) === kindOf(rule));
    switch (kindOf(rule)) {
      case 'both':
        return [invalid(at, claim, "claim and expression can't both be set")];
      case 'none':
        return [required(at, 'claim or expression is required')];
      case 'claim':
        return [
          ...(message === '' ? [] : [invalid(`${at}.message`, message, 'may not be specified when claim is set')]),
          ...(before.some((other) => other.claim === claim) ? [duplicate(`${at}.claim`, claim)] : []),
        ];
      case 'expression':
        return [
          ...(requiredValue === '' ? [] : [invalid(`${at}.requiredValue`, requiredValue, 'may not be specified when expression is set')]),
          ...(before.some((other) => other.expression === expression)
            ? [duplicate(`${at}.expression`, expression)]
            : expressionErrors(expression, 'claims', `${at}.expression`, true)),
        ];
    }
  });
}

function kindOf({ claim = '', expression = '' }: ClaimRule): 'both' | 'none' | 'claim' | 'expression' {
  if (claim !== '') return expression === '' ? 'claim' : 'both';
  return expression === '' ? 'none' : 'expression';
}

function mappingErrors(mappings: ClaimMappings, rules: readonly ClaimRule[], path: string): FieldError[] {
  const { username = {}, groups = {}, uid = {}, extra = [] } = mappings;
  const uidErrors =
    kindOf(uid) === 'both'
      ? [invalid(`${path}.uid`, '', "claim and expression can't both be set")]
      : kindOf(uid) === 'expression'
        ? expressionErrors(uid.expression ?? '', 'claims', `${path}.uid.expression`)
        : [];
  return [
    ...prefixedErrors(username, `${path}.username`, true),
    ...prefixedErrors(groups, `${path}.groups`, false),
    ...uidErrors,
    ...extra.flatMap((mapping, index) => extraErrors(mapping, extra.slice(0, index), `${path}.extra[${index}]`)),
    ...emailErrors(mappings, rules, `${path}.username.expression`),
  ];
}

function prefixedErrors(mapping: PrefixedClaim, path: string, isRequired: boolean): FieldError[] {
  const { prefix, expression = '' } = mapping;
  switch (kindOf(mapping)) {
    case 'both':
      return [invalid(path, '', "claim and expression can't both be set")];
    case 'none':
      return isRequired ? [required(path, 'claim or expression is required')] : [];
    case 'claim':
      return prefix === undefined
        ? [required(`${path}.prefix`, 'prefix is required when claim is set. It can be set to an empty string to disable prefixing')]
        : [];
    case 'expression':
      return [
        ...(prefix === undefined ? [] : [invalid(`${path}.prefix`, prefix, 'may not be specified when expression is set')]),
        ...expressionErrors(expression, 'claims', `${path}.expression`),
      ];
  }
}

const reservedDomain = /^(?:[^/]*\.)?(?:kubernetes|k8s)\.io\//;

function extraErrors({ key = '', valueExpression = '' }: ExtraMapping, before: readonly ExtraMapping[], path: string): FieldError[] {
  const ofKey = [
    ...validateDomainPrefixedPath(key, `${path}.key`),
    ...(key === key.toLowerCase() ? [] : [invalid(`${path}.key`, key, 'must be lowercase')]),
    ...(reservedDomain.test(key)
      ? [invalid(`${path}.key`, key, 'k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use')]
      : []),
  ];
  if (before.some((other) => (other.key ?? '') === key)) return [...ofKey, duplicate(`${path}.key`, key)];
  const at = `${path}.valueExpression`;
  return [...ofKey, ...(valueExpression === '' ? [required(at)] : expressionErrors(valueExpression, 'claims', at))];
}

const unverified =
  'claims.email_verified must be used in claimMappings.username.expression or claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used in claimMappings.username.expression';

/** An address that its owner has not proved is no name. */
function emailErrors({ username = {}, extra = [] }: ClaimMappings, rules: readonly ClaimRule[], path: string): FieldError[] {
  const { expression = '' } = username;
  if (kindOf(username) !== 'expression' || expressionErrors(expression, 'claims', path).length > 0) return [];
  if (!readsClaim(expression, 'email')) return [];
  const verifying = [
    expression,
    ...extra.map(({ valueExpression = '' }) => valueExpression),
    ...rules.map((rule) => rule.expression ?? ''),
  ];
  return verifying.some((source) => readsClaim(source, 'email_verified')) ? [] : [invalid(path, expression, unverified)];
}

function userRuleErrors(rules: readonly UserRule[], path: string): FieldError[] {
  return rules.flatMap(({ expression = '' }, index) => {
    const at = `${path}[${index}].expression`;
    if (expression === '') return [required(at)];
    const isRepeated = rules.slice(0, index).some((other) => other.expression === expression);
    return isRepeated ? [duplicate(at, expression)] : expressionErrors(expression, 'user', at, true);
  });
}
