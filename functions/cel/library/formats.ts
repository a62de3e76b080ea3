/** Named formats of texts. Source: apiserver, pkg/cel/library/format.go. */
import { dns1035LabelErrors, dnsLabelErrors, dnsSubdomainErrors, labelValueErrors, qualifiedNameErrors } from '../../kube/names.ts';
import { none, Optional } from '../values/value.ts';
import type { CelFunction, Library } from './functions.ts';
import { OpaqueKind } from './opaque.ts';
import { formatNames } from './signatures.ts';
import { urlProblem } from './urls.ts';

type Check = (text: string) => readonly string[];
type FormatName = (typeof formatNames)[number];

const kind = new OpaqueKind<FormatName>('kubernetes.NamedFormat', (one, other) => one === other);

/** A prefix of a generated name may end in a dash. */
const asPrefix =
  (check: Check): Check =>
  (text) =>
    check(text.endsWith('-') && text.length > 1 ? `${text.slice(0, -1)}a` : text);

const matching =
  (pattern: RegExp, problem: string): Check =>
  (text) =>
    pattern.test(text) ? [] : [problem];

function isDate(text: string): boolean {
  const match = /^(\d{4}-\d\d-\d\d)/u.exec(text)?.[1];
  if (match === undefined) return false;
  const ms = Date.parse(`${match}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(match);
}

const dateTime = /^\d{4}-\d\d-\d\d[tT ](?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:[.,]\d+)?(?:[zZ]|[+-]\d\d:?\d\d)$/u;

const checks: Readonly<Record<FormatName, Check>> = {
  dns1123Label: dnsLabelErrors,
  dns1123Subdomain: dnsSubdomainErrors,
  dns1035Label: dns1035LabelErrors,
  qualifiedName: qualifiedNameErrors,
  dns1123LabelPrefix: asPrefix(dnsLabelErrors),
  dns1123SubdomainPrefix: asPrefix(dnsSubdomainErrors),
  dns1035LabelPrefix: asPrefix(dns1035LabelErrors),
  labelValue: labelValueErrors,
  uri: (text) => {
    const problem = urlProblem(text);
    return problem === undefined ? [] : [problem];
  },
  uuid: matching(/^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/iu, 'does not match the UUID format'),
  byte: matching(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/u, 'invalid base64'),
  date: (text) => (/^\d{4}-\d\d-\d\d$/u.test(text) && isDate(text) ? [] : ['invalid date']),
  datetime: (text) => (dateTime.test(text) && isDate(text) ? [] : ['invalid datetime']),
};

const isFormatName = (name: string): name is FormatName => Object.hasOwn(checks, name);

const constants = Object.fromEntries(
  formatNames.map((name): [string, CelFunction] => {
    const value = kind.wrap(name);
    return [`format.${name}`, () => value];
  }),
);

export const formats: Library = {
  ...constants,
  'format.named': ([name]) => {
    if (typeof name !== 'string') return undefined;
    return isFormatName(name) ? new Optional(kind.wrap(name)) : none;
  },
  validate: ([format, text]) => {
    const name = kind.unwrap(format);
    if (name === undefined || typeof text !== 'string') return undefined;
    const problems = checks[name](text);
    return problems.length === 0 ? none : new Optional(problems);
  },
};
