/** Source: pkg/apis/core/validation/validation.go, ValidateSecret and ValidateSecretUpdate. */
import { semanticallyEqual } from '../../../kube/equality.ts';
import { type FieldError, forbiddenField, invalid, required, tooLong } from '../../../kube/field-error.ts';
import type { Secret } from '../../../kube/generated/types.ts';
import { annotationsOf } from '../../../kube/object.ts';
import { jsonSyntaxProblem } from '../../../kube/json-syntax.ts';
import { configKeyErrors } from '../../../kube/names.ts';
import { validateImmutable } from '../../metadata-validation.ts';

const bytesMax = 1024 * 1024;
const accountAnnotation = 'kubernetes.io/service-account.name';

/** Keys that each type of Secret requires. The type basic-auth requires one of its two. */
const keysOfType: ReadonlyMap<string, readonly string[]> = new Map([
  ['kubernetes.io/dockercfg', ['.dockercfg']],
  ['kubernetes.io/dockerconfigjson', ['.dockerconfigjson']],
  ['kubernetes.io/ssh-auth', ['ssh-privatekey']],
  ['kubernetes.io/tls', ['tls.crt', 'tls.key']],
]);

export function validateSecret(secret: Secret): FieldError[] {
  const data = secret.data ?? {};
  const errors = Object.keys(data).flatMap((key) => configKeyErrors(key).map((why) => invalid(`data[${key}]`, key, why)));
  const bytes = Object.values(data).reduce((sum, value) => sum + Buffer.byteLength(value, 'base64'), 0);
  if (bytes > bytesMax) errors.push(tooLong('data', bytesMax));
  return [...errors, ...typeErrors(secret, data)];
}

function typeErrors(secret: Secret, data: Readonly<Record<string, string>>): FieldError[] {
  const type = secret.type ?? '';
  if (type === 'kubernetes.io/service-account-token') {
    return annotationsOf(secret)[accountAnnotation] ? [] : [required(`metadata.annotations[${accountAnnotation}]`)];
  }
  if (type === 'kubernetes.io/basic-auth') {
    const hasOne = data['username'] !== undefined || data['password'] !== undefined;
    return hasOne ? [] : [required('data[username]'), required('data[password]')];
  }
  const missing = (keysOfType.get(type) ?? []).filter((key) => data[key] === undefined).map((key) => required(`data[${key}]`));
  return [...missing, ...documentErrors(type, data)];
}

/** Credentials of registries are JSON. */
function documentErrors(type: string, data: Readonly<Record<string, string>>): FieldError[] {
  const key = keysOfType.get(type)?.[0] ?? '';
  const text = data[key];
  if (!type.startsWith('kubernetes.io/dockerc') || text === undefined) return [];
  const problem = jsonSyntaxProblem(Buffer.from(text, 'base64').toString());
  return problem === undefined ? [] : [invalid(`data[${key}]`, '<secret contents redacted>', problem)];
}

export function validateSecretUpdate(next: Secret, current: Secret): FieldError[] {
  const errors = validateImmutable(next.type, current.type, 'type');
  if (current.immutable !== true) return errors;
  if (next.immutable !== true) errors.push(forbiddenField('immutable', 'field is immutable when `immutable` is set'));
  const isSame = semanticallyEqual(next.data ?? {}, current.data ?? {});
  return isSame ? errors : [...errors, forbiddenField('data', 'field is immutable when `immutable` is set')];
}
