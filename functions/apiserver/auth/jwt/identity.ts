/** Which user the claims of a verified token stand for. Source: apiserver, plugin/pkg/authenticator/token/oidc/oidc.go. */
import type { Program } from '../../../cel/program.ts';
import type { Result } from '../../../cel/values/value.ts';
import type { Json, JsonObject } from '../../../kube/object.ts';
import { ownField } from '../../../kube/own-field.ts';
import type { User } from '../../ports.ts';
import { credentialIdKey } from '../groups.ts';
import { compileExpression, evaluateClaims, evaluateUser, isFailure, type Subject } from './expressions.ts';
import type { JwtSettings, PrefixedClaim } from './settings.ts';

/** Why the token stands for no user. For the log: the client gets a 401 alone. */
export class ClaimsRefused extends Error {
  override name = 'ClaimsRefused';
}

export type Identify = (claims: JsonObject) => User;

/** `loadExpressions` must have ended, and the settings be sound. What it returns throws ClaimsRefused. */
export function identification(settings: JwtSettings): Identify {
  const { claimMappings: mappings, claimValidationRules = [], userValidationRules = [] } = settings;
  const username = usernameOf(mappings.username ?? {});
  const groups = groupsOf(mappings.groups ?? {});
  const uid = uidOf(mappings.uid ?? {});
  const extra = (mappings.extra ?? []).map(({ key = '', valueExpression = '' }) => ({
    key,
    program: programOf(valueExpression, 'claims'),
  }));
  const claimRules = claimValidationRules.map(({ claim = '', requiredValue = '', expression = '', message = '' }) =>
    claim === '' ? claimCondition(expression, message) : requiredClaim(claim, requiredValue),
  );
  const userRules = userValidationRules.map(({ expression = '', message = '' }) => {
    const program = programOf(expression, 'user');
    return (user: User): void => refuseUnless(evaluateUser(program, user), expression, message);
  });

  return (claims) => {
    const mapped = extra.flatMap(({ key, program }): [string, readonly string[]][] => {
      const values = textsOf(evaluateClaims(program, claims), 'extra');
      return values.length === 0 ? [] : [[key, values]];
    });
    const id = textClaim(claims, 'jti');
    const credential: [string, readonly string[]][] = id === undefined || id === '' ? [] : [[credentialIdKey, [`JTI=${id}`]]];
    const [name, ownUid] = [username(claims), uid(claims)];
    const extras = Object.fromEntries([...credential, ...mapped]);
    const user: User = {
      name,
      groups: groups(claims),
      ...(ownUid === '' ? {} : { uid: ownUid }),
      ...(Object.keys(extras).length === 0 ? {} : { extra: extras }),
    };
    for (const rule of claimRules) rule(claims);
    for (const rule of userRules) rule(user);
    return user;
  };
}

function programOf(source: string, subject: Subject): Program {
  const compiled = compileExpression(source, subject, false);
  if ('problem' in compiled) throw new Error(`an expression that was checked does not compile: ${compiled.problem}`);
  return compiled.program;
}

const textClaim = (claims: JsonObject, claim: string): string | undefined => {
  const value = ownField(claims, claim);
  return typeof value === 'string' ? value : undefined;
};

function usernameOf({ claim = '', prefix = '', expression = '' }: PrefixedClaim): (claims: JsonObject) => string {
  const program = claim === '' ? programOf(expression, 'claims') : undefined;
  return (claims) => {
    const name = program === undefined ? textClaim(claims, claim) : evaluateClaims(program, claims);
    if (typeof name !== 'string' || name === '')
      throw new ClaimsRefused(`no username in ${claim === '' ? 'the result of its expression' : `claim ${JSON.stringify(claim)}`}`);
    if (claim === 'email' && (ownField(claims, 'email_verified') ?? true) !== true) throw new ClaimsRefused('email not verified');
    return `${prefix}${name}`;
  };
}

function groupsOf({ claim = '', prefix = '', expression = '' }: PrefixedClaim): (claims: JsonObject) => readonly string[] {
  if (claim !== '') {
    return (claims) => claimTexts(ownField(claims, claim), claim).map((group) => `${prefix}${group}`);
  }
  const program = expression === '' ? undefined : programOf(expression, 'claims');
  return (claims) => (program === undefined ? [] : textsOf(evaluateClaims(program, claims), 'groups'));
}

function claimTexts(value: Json | undefined, claim: string): readonly string[] {
  if (value === undefined || value === null) return [];
  const list = Array.isArray(value) ? value : [value];
  if (list.every((item): item is string => typeof item === 'string')) return list;
  throw new ClaimsRefused(`claim ${JSON.stringify(claim)} is neither a string nor a list of strings`);
}

function uidOf({ claim = '', expression = '' }: { readonly claim?: string; readonly expression?: string }): (claims: JsonObject) => string {
  if (claim === '' && expression === '') return () => '';
  const program = claim === '' ? programOf(expression, 'claims') : undefined;
  return (claims) => {
    const uid = program === undefined ? textClaim(claims, claim) : evaluateClaims(program, claims);
    if (typeof uid !== 'string') throw new ClaimsRefused('the uid is no string');
    return uid;
  };
}

/** The texts of a result, without empty ones. */
function textsOf(result: Result, of: string): readonly string[] {
  if (isFailure(result)) throw new ClaimsRefused(`the expression of ${of} failed: ${result.message}`);
  if (result === null) return [];
  const list = Array.isArray(result) ? result : [result];
  if (!list.every((item) => typeof item === 'string'))
    throw new ClaimsRefused(`the expression of ${of} must return a string or a list of strings`);
  return list.filter((item) => item !== '');
}

const requiredClaim =
  (claim: string, wanted: string) =>
  (claims: JsonObject): void => {
    if (textClaim(claims, claim) !== wanted) throw new ClaimsRefused(`required claim ${claim} has another value`);
  };

function claimCondition(expression: string, message: string): (claims: JsonObject) => void {
  const program = programOf(expression, 'claims');
  return (claims) => refuseUnless(evaluateClaims(program, claims), expression, message);
}

function refuseUnless(result: Result, expression: string, message: string): void {
  if (result === true) return;
  const why = isFailure(result) ? result.message : message;
  throw new ClaimsRefused(`validation expression '${expression}' failed: ${why}`);
}
